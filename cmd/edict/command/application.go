package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/cluster"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
	"github.com/edict-dev/edict/cmd/edict/output"
)

// application is one run of apply.
type application struct {
	*applyOptions
	notesOfFlags []string
	reader       *manifest.Reader
	cluster      *cluster.Cluster
	stdout       *output.Terminal
	stderr       *output.Terminal
	// terminal is where the progress of a long run is shown, or nil.
	terminal io.Writer

	policies  *offline.Policies
	kinds     *offline.Kinds
	resources []*offline.Resource
	values    *offline.ValuesSpec
	shown     output.Run
}

func newApplication(o *applyOptions, cmd *cobra.Command, streams Streams) *application {
	a := &application{
		applyOptions: o, notesOfFlags: o.notes(cmd.Flags()),
		reader: &manifest.Reader{Stdin: streams.In, Remote: true, Git: manifest.Git{Branch: o.git.branch, Username: o.git.username, Password: o.git.password}},
		stdout: output.NewTerminal(streams.Out), stderr: output.NewTerminal(streams.Err),
		values: &offline.ValuesSpec{},
		shown:  output.Run{AuditWarn: o.auditWarn, Detailed: o.detailed, Now: time.Now()},
	}
	a.stdout.Color = !o.removeColor && isTerminal(streams.Out)
	if isTerminal(streams.Err) {
		a.terminal = streams.Err
	}
	return a
}

func (a *application) run(ctx context.Context) error {
	for _, note := range a.notesOfFlags {
		a.note(note)
	}
	start := time.Now()
	if a.applyOptions.cluster {
		var err error
		a.cluster, err = cluster.Connect(cluster.Config{
			Kubeconfig: a.kubeconfig, Context: a.context, Namespace: a.namespace,
			ClusterWide: a.clusterWide, PageSize: a.batchSize, Concurrent: a.concurrent,
		})
		if err != nil {
			return failure(err)
		}
	}
	if err := a.readPolicies(ctx); err != nil {
		return failure(err)
	}
	if err := a.readResources(ctx); err != nil {
		return failure(err)
	}
	session, err := a.session(ctx)
	if err != nil {
		return failure(err)
	}
	read := time.Now()
	if a.isText() && !a.stdin {
		a.shown.Heading(a.stdout)
	}
	if a.shown.Judgements, err = a.judge(ctx, session); err != nil {
		return failure(err)
	}
	if a.performance {
		a.note(fmt.Sprintf("read in %s, judged in %s", read.Sub(start).Round(time.Millisecond), time.Since(read).Round(time.Millisecond)))
	}
	if err := a.show(); err != nil {
		return failure(err)
	}
	return a.verdict()
}

func failure(err error) error { return &exit{code: exitFailed, message: err.Error()} }

// note says something on standard error, so that it never mixes with results.
func (a *application) note(text string) { fmt.Fprintln(a.stderr, text) }

// unread keeps what could not be read: the rest is judged all the same, and the run fails.
func (a *application) unread(errs ...error) {
	for _, err := range errs {
		a.note("error: " + output.Line(err.Error()))
	}
	a.shown.Unread = append(a.shown.Unread, errs...)
}

// read reads documents; what is left out is told.
func (a *application) read(ctx context.Context, locations []string) []*manifest.Document {
	result := a.reader.Read(ctx, locations...)
	for _, line := range result.PassedOver {
		a.note("passed over: " + output.Line(line))
	}
	a.unread(result.Errors...)
	return result.Documents
}

func (a *application) readPolicies(ctx context.Context) error {
	var documents []*manifest.Document
	if len(a.applyOptions.policies) > 0 {
		documents = a.read(ctx, a.applyOptions.policies)
	} else {
		found := a.cluster.Policies(ctx)
		for _, line := range found.PassedOver {
			a.note("passed over: " + output.Line(line))
		}
		a.unread(found.Errors...)
		documents = found.Documents
	}
	a.policies = offline.ReadPolicies(documents)
	for _, other := range a.policies.Others {
		a.note("passed over: " + output.Line(other.String()))
	}
	for _, other := range a.policies.Unsupported {
		a.note("skipped: " + output.Line(other.String()))
	}
	for _, policy := range a.policies.Valid {
		a.shown.Rules += policy.RuleCount()
		a.warnings(policy)
	}
	if !a.exceptionsWithinPolicies {
		a.policies.Exceptions = nil
	}
	if len(a.exceptions) > 0 {
		a.takeExceptions(a.read(ctx, a.exceptions))
	}
	a.shown.Invalid, a.shown.Unsupported = a.policies.Invalid, a.policies.Unsupported
	if len(a.policies.Valid)+len(a.policies.Invalid)+len(a.policies.Unsupported)+len(a.shown.Unread) == 0 {
		return errors.New("no policy was found, so nothing would be judged")
	}
	return nil
}

func (a *application) warnings(policy *offline.Policy) {
	for _, warning := range policy.Warnings {
		text := fmt.Errorf("%s: policy %s: %s", policy.Document.File, policy.Program.Ref(), warning)
		if a.warningsAsErrors {
			a.unread(text)
		} else {
			a.note("warning: " + output.Line(text.Error()))
		}
	}
}

// takeExceptions adds the exceptions among the documents.
func (a *application) takeExceptions(documents []*manifest.Document) {
	found := offline.ReadPolicies(documents)
	a.policies.Exceptions = append(a.policies.Exceptions, found.Exceptions...)
	for _, invalid := range found.Invalid {
		if invalid.Kind == "PolicyException" {
			a.policies.Invalid = append(a.policies.Invalid, invalid)
		}
	}
}

func (a *application) readResources(ctx context.Context) error {
	crds := a.read(ctx, a.crds)
	var documents []*manifest.Document
	if len(a.applyOptions.resources) > 0 {
		documents = a.read(ctx, a.applyOptions.resources)
	}
	a.kinds = offline.NewKinds(append(crds, documents...))
	if a.exceptionsWithResources || a.exceptionsWithinResources {
		a.takeExceptions(documents)
		a.shown.Invalid = a.policies.Invalid
	}
	resources, errs := offline.ReadResources(documents, a.kinds)
	a.resources = resources
	a.unread(errs...)
	if len(a.applyOptions.resources) == 0 {
		if err := a.readCluster(ctx); err != nil {
			return err
		}
	}
	a.shown.Resources, a.shown.Exceptions = len(a.resources), len(a.policies.Exceptions)
	switch {
	case len(a.shown.Unread) > 0 && !a.continueOnError:
		return errors.New("not everything could be read, and --continue-on-error=false was given")
	case len(a.resources) == 0 && len(a.shown.Unread) == 0:
		return errors.New("no resource was found, so nothing would be judged")
	}
	return nil
}

// readCluster reads the objects of the cluster that a policy may concern.
func (a *application) readCluster(ctx context.Context) error {
	objects, errs := a.cluster.Resources(ctx, func(kind schema.GroupVersionKind) bool {
		for _, policy := range a.policies.Valid {
			if policy.Program.Concerns(kind, "", eval.Create, a.namespace) {
				return true
			}
		}
		return false
	})
	a.unread(errs...)
	for _, object := range objects {
		resource, err := offline.NewLiveResource(object)
		if err != nil {
			a.unread(err)
			continue
		}
		a.resources = append(a.resources, resource)
	}
	return ctx.Err()
}

// session puts together what resources are judged by.
func (a *application) session(ctx context.Context) (*offline.Session, error) {
	config := lookup.StaticConfig{Params: objectsOf(a.read(ctx, a.parameters))}
	s := &offline.Session{
		Policies: a.policies.Valid, Kinds: a.kinds, Values: a.values,
		Now: a.shown.Now, Seed: rand.Uint64(), Strict: a.strict,
	}
	if a.valuesFile != "" {
		values, err := offline.ReadValues(a.read(ctx, []string{a.valuesFile}), a.valuesFile)
		if err != nil {
			return nil, err
		}
		*a.values = values.ValuesSpec
	}
	if a.userInfo != "" {
		info, warning, err := offline.ReadUserInfo(a.read(ctx, []string{a.userInfo}), a.userInfo)
		if err != nil {
			return nil, err
		}
		if warning != "" {
			a.note("warning: " + warning)
		}
		s.User, config.Roles = info.Eval()
	}
	if a.contextFile != "" {
		given, err := offline.ReadContext(a.read(ctx, []string{a.contextFile}), a.contextFile)
		if err != nil {
			return nil, err
		}
		given.AddTo(&config, a.kinds)
	}
	set, ignored := a.assignments()
	for _, name := range ignored {
		a.note("ignored: --set " + name + ": the resource itself is not changed by --set; write it into the resource")
	}
	config.Values, config.NamespaceLabels = a.values.Lookup(set), a.namespaceLabels()
	if a.cluster != nil {
		config.Beyond = a.cluster.Lookup(ctx)
	}
	compiled := make([]*engine.Exception, len(a.policies.Exceptions))
	for i, exception := range a.policies.Exceptions {
		compiled[i] = exception.Compiled
	}
	s.Exceptions = engine.NewExceptions(compiled)
	static, err := lookup.NewStatic(config)
	s.Lookup = static
	return s, err
}

// assignments are the values of --set. What would change the resource is ignored, as people's scripts expect.
func (a *application) assignments() (set map[string]any, ignored []string) {
	set = map[string]any{}
	for _, assignment := range a.set {
		name, value, _ := strings.Cut(assignment, "=")
		if strings.Contains(name, "request.object.") {
			ignored = append(ignored, name)
			continue
		}
		set[name] = value
	}
	return set, ignored
}

// namespaceLabels are those of the namespaces among the resources, unless values say otherwise.
func (a *application) namespaceLabels() map[string]map[string]string {
	labels := a.values.NamespaceLabels()
	for _, resource := range a.resources {
		if _, said := labels[resource.Name]; !said && resource.IsNamespace() {
			labels[resource.Name] = resource.Labels()
		}
	}
	return labels
}

func (a *application) judge(ctx context.Context, session *offline.Session) ([]offline.Judgement, error) {
	cases := make([]offline.Case, len(a.resources))
	for i, resource := range a.resources {
		cases[i].Resource = resource
	}
	if a.terminal != nil {
		p := newProgress(a.terminal, "resources", len(cases))
		defer p.clear()
		session.Progress = p.tell
	}
	return session.Judge(ctx, cases)
}

func objectsOf(documents []*manifest.Document) []eval.Object {
	objects := make([]eval.Object, len(documents))
	for i, d := range documents {
		objects[i] = d.Object
	}
	return objects
}
