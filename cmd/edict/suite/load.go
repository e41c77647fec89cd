package suite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// loaded is a suite with all that it names.
type loaded struct {
	*Suite
	policies  *offline.Policies
	resources []*offline.Resource
	session   *offline.Session
	// errs are what could not be read; the rest of the suite runs all the same.
	errs []error
}

// load reads what the suite names.
func (s *Suite) load(ctx context.Context, now time.Time) *loaded {
	l := &loaded{Suite: s}
	l.policies = offline.ReadPolicies(slices.Concat(l.read(ctx, "policies", s.Policies), l.read(ctx, "exceptions", s.Exceptions)))
	resources, params := l.read(ctx, "resources", s.Resources), l.read(ctx, "paramResources", s.ParamResources)
	cluster := l.readCluster(ctx)
	kinds := offline.NewKinds(slices.Concat(resources, cluster.definitions))
	var errs []error
	if l.resources, errs = offline.ReadResources(resources, kinds); len(errs) > 0 {
		l.errs = append(l.errs, errs...)
	}
	for _, r := range l.resources {
		r.Floats()
	}
	values := l.readValues(ctx)
	config := lookup.StaticConfig{
		Values: values.Lookup(nil), NamespaceLabels: values.NamespaceLabels(),
		Calls: l.callAnswers(), Globals: l.globals(ctx, kinds), Params: objects(params, kinds),
	}
	l.readContext(ctx, &config, kinds)
	if len(s.ClusterResources) > 0 {
		// What is judged is there already.
		config.Cluster = offline.NewCluster(append(objects(resources, kinds), cluster.objects...), kinds)
	}
	var user *eval.User
	if s.UserInfo != "" {
		user, config.Roles = l.readUser(ctx)
	}
	static, err := lookup.NewStatic(config)
	if err != nil {
		l.fault("", err)
		return l
	}
	var exceptions []*engine.Exception
	for _, e := range l.policies.Exceptions {
		exceptions = append(exceptions, e.Compiled)
	}
	l.session = &offline.Session{
		Policies: l.policies.Valid, Exceptions: engine.NewExceptions(exceptions), Lookup: static, Kinds: kinds, Values: values,
		User: user, Now: now,
		// What cannot be known is no answer that a row may expect.
		Strict: true,
	}
	return l
}

// Session reads what the suite names: the resources, and what they are judged by, which is nil when the suite cannot be
// run. The errors tell what could not be read.
func (s *Suite) Session(ctx context.Context, now time.Time) (*offline.Session, []*offline.Resource, []error) {
	if len(s.Errors) > 0 {
		return nil, nil, s.Errors
	}
	l := s.load(ctx, now)
	return l.session, l.resources, l.errs
}

// fault records what is wrong with a field of the suite.
func (l *loaded) fault(path string, err error) {
	l.errs = append(l.errs, l.document.At(path, err))
}

// read reads the documents at locations of a field.
func (l *loaded) read(ctx context.Context, field string, locations []string) []*manifest.Document {
	var documents []*manifest.Document
	for i, location := range locations {
		path := l.locate(location)
		if l.checkout != nil && !l.checkout.Within(path) {
			l.fault(fmt.Sprintf("%s[%d]", field, i), fmt.Errorf("%s: %s is outside of the repository", field, location))
			continue
		}
		found := (&manifest.Reader{}).Read(ctx, path)
		if l.checkout != nil {
			for _, d := range found.Documents {
				d.File = l.checkout.Shown(d.File)
			}
			found.Errors = shown(l.checkout, found.Errors)
		}
		for _, err := range found.Errors {
			var inFile *manifest.Error
			if !errors.As(err, &inFile) {
				err = l.document.At(fmt.Sprintf("%s[%d]", field, i), fmt.Errorf("%s: %w", field, err))
			}
			l.errs = append(l.errs, err)
		}
		documents = append(documents, found.Documents...)
	}
	return documents
}

// locate returns where a file is that the suite names.
func (s *Suite) locate(location string) string {
	if manifest.IsRemote(location) || filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(filepath.Dir(s.path), location)
}

// named is what users call a file that the suite names.
func (s *Suite) named(location string) string {
	if s.checkout != nil {
		return s.checkout.Shown(s.locate(location))
	}
	return s.locate(location)
}

func (l *loaded) readValues(ctx context.Context) *offline.ValuesSpec {
	switch {
	case l.Values != nil:
		return l.Values
	case l.Variables == "":
		return &offline.ValuesSpec{}
	}
	values, err := offline.ReadValues(l.read(ctx, "variables", []string{l.Variables}), l.named(l.Variables))
	if err != nil {
		l.errs = append(l.errs, err)
		return &offline.ValuesSpec{}
	}
	return &values.ValuesSpec
}

func (l *loaded) readContext(ctx context.Context, config *lookup.StaticConfig, kinds *offline.Kinds) {
	if l.Context == "" {
		return
	}
	given, err := offline.ReadContext(l.read(ctx, "context", []string{l.Context}), l.named(l.Context))
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	given.AddTo(config, kinds)
}

func (l *loaded) readUser(ctx context.Context) (*eval.User, eval.Roles) {
	info, warning, err := offline.ReadUserInfo(l.read(ctx, "userinfo", []string{l.UserInfo}), l.named(l.UserInfo))
	if warning != "" {
		err = errors.New(warning)
	}
	if err != nil {
		l.errs = append(l.errs, err)
		return nil, eval.Roles{}
	}
	return info.Eval()
}

// objects are documents as they would stand in a cluster.
func objects(documents []*manifest.Document, kinds *offline.Kinds) []eval.Object {
	resources, _ := offline.ReadResources(documents, kinds)
	out := make([]eval.Object, len(resources))
	for i, r := range resources {
		out[i] = r.Object
	}
	return out
}
