package verdict

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/command"
	"github.com/edict-dev/edict/test/corpus"
)

// TestApply: the command line answers as the engine does. What cannot be told it by files is left out, and counted.
func TestApply(t *testing.T) {
	runs, left := 0, map[string]int{}
	corpus.Each(t, func(t *testing.T, c *corpus.Case) {
		for _, r := range applications(t, c) {
			if r.unable != "" {
				left[r.unable]++
				continue
			}
			runs++
			at(t, corpus.Now, func(t *testing.T) { r.compare(t, r.run(t)) })
		}
	})
	t.Logf("%d runs of edict apply", runs)
	for _, why := range slices.Sorted(maps.Keys(left)) {
		t.Logf("left out: %d, which the command line cannot be asked: %s", left[why], why)
	}
}

// application is one run of edict apply: on all that a case creates, or on one of its requests.
type application struct {
	*corpus.Case
	args []string
	// request is the only one there is, or nil.
	request *eval.Request
	// unable is why it cannot be run, or empty.
	unable string
}

func applications(t *testing.T, c *corpus.Case) []application {
	t.Helper()
	unable := unknowable(c)
	resources := filepath.Join(c.Dir, "resources.yaml")
	if len(c.Requests) == 0 {
		resources = file(t, "resource.yaml", map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "any"}})
	}
	if exists(resources) {
		return []application{{Case: c, unable: unable, args: append(arguments(t, c, nil), "--resource", resources)}}
	}
	var out []application
	for _, req := range c.Requests {
		a := application{Case: c, request: req, unable: unable}
		if a.unable == "" {
			a.unable = inexpressible(req)
		}
		if a.unable == "" {
			a.args = append(arguments(t, c, req), "--resource", file(t, "resource.yaml", req.Subject()))
		}
		out = append(out, a)
	}
	return out
}

// unreadable is what the lookup of a case says of what it does not know.
var unreadable = regexp.MustCompile(` [a-zA-Z ]+ "[^"]*" not found$`)

// unknowable tells what a case looks up that no flag of apply gives.
func unknowable(c *corpus.Case) string {
	l := &c.Lookup
	switch {
	case slices.ContainsFunc(c.Expected.Results, func(row corpus.Row) bool { return unreadable.MatchString(row.Message) }):
		return "data that is there and cannot be read"
	case len(l.Calls) > 0:
		return "answers to calls"
	case len(l.Globals) > 0:
		return "data of global context entries"
	case len(l.Hosts) > 0:
		return "addresses of hosts"
	}
	return ""
}

// inexpressible tells why values cannot make a request of a resource.
func inexpressible(req *eval.Request) string {
	switch {
	case req.Subresource != "":
		return "objects of a subresource that have the kind of their parent"
	case req.Operation == eval.Update && !covers(req.OldObject, req.Object):
		return "old objects that lack what the new ones have"
	}
	return ""
}

// covers tells whether whatever is laid over b to make it a is a: that it has every key of it.
func covers(a, b any) bool {
	under, isMap := b.(map[string]any)
	over, wasMap := a.(map[string]any)
	if !isMap || !wasMap {
		return true
	}
	for key := range under {
		if _, has := over[key]; !has || !covers(over[key], under[key]) {
			return false
		}
	}
	return true
}

// arguments tell the command line what a case holds beside resources.
func arguments(t *testing.T, c *corpus.Case, req *eval.Request) []string {
	t.Helper()
	values := map[string]any{}
	for name, labels := range c.Lookup.Namespaces {
		selectors, _ := values["namespaceSelector"].([]any)
		values["namespaceSelector"] = append(selectors, map[string]any{"name": name, "labels": labels})
	}
	args := []string{"edict", "apply", filepath.Join(c.Dir, "policy.yaml"), "--output-format", "json"}
	if exceptions := filepath.Join(c.Dir, "exceptions.yaml"); exists(exceptions) {
		args = append(args, "--exception", exceptions)
	}
	if objects := contextOf(&c.Lookup); objects != nil {
		args = append(args, "--context-file", cliFile(t, "Context", map[string]any{"spec": objects}))
	}
	for name, object := range c.Lookup.Params {
		args = append(args, "--parameter-resource", file(t, name+".yaml", object))
	}
	if req != nil {
		global := map[string]any{"request.operation": req.Operation}
		if req.Operation == eval.Update {
			global["request.oldObject"] = req.OldObject
		}
		values["globalValues"] = global
		if req.User != nil {
			bound := c.Lookup.Roles[req.User.Name]
			args = append(args, "--userinfo", cliFile(t, "UserInfo", map[string]any{
				"roles": bound.Roles, "clusterRoles": bound.ClusterRoles,
				"userInfo": map[string]any{"username": req.User.Name, "uid": req.User.UID, "groups": req.User.Groups},
			}))
		}
	}
	return append(args, "--values-file", cliFile(t, "Values", values))
}

// contextOf is what a cluster and registries hold.
func contextOf(l *corpus.Lookup) map[string]any {
	if len(l.ConfigMaps)+len(l.Images) == 0 {
		return nil
	}
	var objects, images []any
	for name, data := range l.ConfigMaps {
		namespace, name, _ := strings.Cut(name, "/")
		object := maps.Clone(data.(map[string]any))
		object["apiVersion"], object["kind"] = "v1", "ConfigMap"
		metadata, _ := object["metadata"].(map[string]any)
		metadata = maps.Clone(metadata)
		if metadata == nil {
			metadata = map[string]any{}
		}
		metadata["namespace"], metadata["name"] = namespace, name
		object["metadata"] = metadata
		objects = append(objects, object)
	}
	for reference, data := range l.Images {
		image := data.(map[string]any)
		images = append(images, map[string]any{"image": reference, "manifest": image["manifest"], "config": image["configData"]})
	}
	return map[string]any{"resources": objects, "images": images}
}

func cliFile(t *testing.T, kind string, content map[string]any) string {
	t.Helper()
	content["apiVersion"], content["kind"] = "cli.kyverno.io/v1alpha1", kind
	return file(t, kind+".yaml", content)
}

func file(t *testing.T, name string, content any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, content)
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// applied is what edict apply prints.
type applied struct {
	Results []struct {
		Policy, Rule, Result, Message, Operation, Action string

		Properties map[string]string

		Resource struct{ APIVersion, Kind, Namespace, Name string }
	}
	Invalid []struct{ Errors []string }
	Unread  []string
}

func (a *application) run(t *testing.T) applied {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(context.Background(), a.args, command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	var printed applied
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatalf("exit code %d: %v in %s%s", code, err, &out, &errs)
	}
	if len(printed.Unread) > 0 {
		t.Fatalf("not everything was read: %q", printed.Unread)
	}
	failed := len(printed.Invalid) > 0 || slices.ContainsFunc(a.expected(), func(row corpus.Row) bool {
		return row.Result == string(eval.Fail) || row.Result == string(eval.Error)
	})
	if (code != 0) != failed {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	return printed
}

func (a *application) expected() []corpus.Row {
	if a.request == nil {
		return a.Expected.Results
	}
	return answers(a.Case, a.request)
}

func (a *application) compare(t *testing.T, got applied) {
	t.Helper()
	if len(a.Expected.Refused) > 0 {
		errs := fmt.Sprint(got.Invalid)
		for _, field := range a.Expected.Refused {
			if !strings.Contains(errs, field) {
				t.Errorf("%s is not among what is refused: %s", field, errs)
			}
		}
		return
	}
	for _, invalid := range got.Invalid {
		t.Errorf("refused: %q", invalid.Errors)
	}
	var rows []corpus.Row
	for _, r := range got.Results {
		req := a.request
		if req == nil {
			req = &eval.Request{Kind: schema.FromAPIVersionAndKind(r.Resource.APIVersion, r.Resource.Kind), Namespace: r.Resource.Namespace, Name: r.Resource.Name}
		}
		rows = append(rows, corpus.Row{
			Policy: r.Policy, Resource: corpus.Describe(req), Operation: r.Operation,
			Rule: r.Rule, Result: r.Result, Message: r.Message, Action: r.Action, Properties: r.Properties,
		})
	}
	c := *a.Case
	c.Expected.Results = a.expected()
	c.Compare(t, rows)
}
