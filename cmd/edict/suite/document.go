package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// Test is what a suite says. Files are named relative to its own folder.
type Test struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`

	Policies   []string `json:"policies"`
	Exceptions []string `json:"exceptions"`
	// Resources are judged; TargetResources are what mutate rules change beside them, and ParamResources the parameters
	// of CEL expressions.
	Resources       []string `json:"resources"`
	TargetResources []string `json:"targetResources"`
	ParamResources  []string `json:"paramResources"`
	// What is no Kubernetes object is judged by policies of the group policies.kyverno.io only.
	JSONPayload   string   `json:"jsonPayload"`
	JSONPayloads  []string `json:"jsonPayloads"`
	HTTPPayloads  []string `json:"httpPayloads"`
	EnvoyPayloads []string `json:"envoyPayloads"`

	// Values stand for variables; Variables is a file with the same, which they take the place of.
	Values    *offline.ValuesSpec `json:"values"`
	Variables string              `json:"variables"`
	UserInfo  string              `json:"userinfo"`

	// What stands in for a cluster, for other services and for registries.
	Context              string         `json:"context"`
	ClusterResources     []string       `json:"clusterResources"`
	APICallResponses     []CallResponse `json:"apiCallResponses"`
	GlobalContextEntries []GlobalEntry  `json:"globalContextEntries"`

	Results []Result `json:"results"`
	// Checks are refused: what they assert cannot be told here.
	Checks []json.RawMessage `json:"checks"`
}

// CallResponse is the answer to a call to the Kubernetes API (URLPath) or to a service (URL).
type CallResponse struct {
	URL      string `json:"url"`
	URLPath  string `json:"urlPath"`
	Method   string `json:"method"`
	Response struct {
		StatusCode int             `json:"statusCode"`
		Body       json.RawMessage `json:"body"`
	} `json:"response"`
}

// GlobalEntry is the data of a GlobalContextEntry, from exactly one of Data, Resources and ResourceFiles.
type GlobalEntry struct {
	Name          string            `json:"name"`
	Data          json.RawMessage   `json:"data"`
	Resources     []json.RawMessage `json:"resources"`
	ResourceFiles []string          `json:"resourceFiles"`
	// FieldPath is a JMESPath expression that makes the entry's data of it.
	FieldPath   string       `json:"fieldPath"`
	Projections []Projection `json:"projections"`
}

// Projection is a JMESPath expression over the data of an entry, under a name.
type Projection struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// Result is what a rule is to answer.
type Result struct {
	Policy string `json:"policy"`
	// Rule is empty for all rules of the policy.
	Rule string `json:"rule"`
	// Kind is for people: resources are told apart by name alone.
	Kind string `json:"kind"`
	// Resources are names, or namespace/name; without any all resources are meant.
	Resources     []string       `json:"resources"`
	ResourceSpecs []ResourceSpec `json:"resourceSpecs"`
	// Operation is empty for the one that the values say.
	Operation eval.Operation `json:"operation"`
	Result    eval.Result    `json:"result"`

	PatchedResources      string   `json:"patchedResources"`
	GeneratedResource     string   `json:"generatedResource"`
	GeneratedResources    []string `json:"generatedResources"`
	CloneSourceResource   string   `json:"cloneSourceResource"`
	FailOnMissingResource bool     `json:"failOnMissingResources"`

	// These tell of which kind the policy is, for people.
	IsValidatingAdmissionPolicy bool `json:"isValidatingAdmissionPolicy"`
	IsMutatingAdmissionPolicy   bool `json:"isMutatingAdmissionPolicy"`
	IsValidatingPolicy          bool `json:"isValidatingPolicy"`
	IsMutatingPolicy            bool `json:"isMutatingPolicy"`
	IsGeneratingPolicy          bool `json:"isGeneratingPolicy"`
	IsImageValidatingPolicy     bool `json:"isImageValidatingPolicy"`
	IsDeletingPolicy            bool `json:"isDeletingPolicy"`

	// The older spellings of Resources, Result and PatchedResources, and the namespace of the resources.
	OldResource        string      `json:"resource"`
	OldStatus          eval.Result `json:"status"`
	OldPatchedResource string      `json:"patchedResource"`
	OldNamespace       string      `json:"namespace"`
}

// policyName is the name of the policy. A namespace that is given with it is for people.
func (r *Result) policyName() string { return r.Policy[strings.LastIndex(r.Policy, "/")+1:] }

// ResourceSpec names a resource in parts; kind and subresource are for people.
type ResourceSpec struct {
	Group       string `json:"group"`
	Version     string `json:"version"`
	Kind        string `json:"kind"`
	Namespace   string `json:"namespace"`
	Subresource string `json:"subresource"`
	Name        string `json:"name"`
}

var results = []eval.Result{eval.Pass, eval.Fail, eval.Warn, eval.Error, eval.Skip}

var operations = []eval.Operation{"", eval.Create, eval.Update, eval.Delete}

// decode reads a document as a Test. The hints tell what had better be written otherwise.
func decode(d *manifest.Document) (test *Test, hints []string, errs []error) {
	test = &Test{}
	if err := offline.DecodeLenient(d, test); err != nil {
		return nil, nil, []error{located(d, err)}
	}
	fault := func(path, format string, args ...any) {
		errs = append(errs, d.At(path, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))))
	}
	if test.APIVersion == "" || test.Kind == "" {
		fault("kind", "apiVersion and kind are required; write apiVersion: cli.kyverno.io/v1alpha1 and kind: Test")
	}
	if len(test.Checks) > 0 {
		fault("checks", "checks are not supported; write what is expected as results")
	}
	for i := range test.Results {
		r, path := &test.Results[i], fmt.Sprintf("results[%d]", i)
		hints = append(hints, r.modernize(d, path)...)
		if r.Policy == "" {
			fault(path+".policy", "name the policy")
		}
		if !slices.Contains(results, r.Result) {
			fault(path+".result", "%q is none of %v", r.Result, results)
		}
		if !slices.Contains(operations, r.Operation) {
			fault(path+".operation", "%q is none of %v", r.Operation, operations[1:])
		}
		if r.IsDeletingPolicy && r.Operation != "" {
			fault(path+".operation", "a deleting policy is not asked about operations; leave it out")
		}
	}
	return test, hints, errs
}

// modernize puts older spellings in their new places, and says so.
func (r *Result) modernize(d *manifest.Document, path string) []string {
	var hints []string
	hint := func(older, newer string) {
		line, _ := d.Position(path + "." + older)
		hints = append(hints, fmt.Sprintf("%s:%d: %s.%s is an older spelling; write %s", d.File, line, path, older, newer))
	}
	if r.OldResource != "" {
		hint("resource", fmt.Sprintf("resources: [%s]", r.OldResource))
		if len(r.Resources) == 0 {
			r.Resources = []string{r.OldResource}
		}
	}
	if r.OldStatus != "" {
		hint("status", "result: "+string(r.OldStatus))
		if r.Result == "" {
			r.Result = r.OldStatus
		}
	}
	if r.OldPatchedResource != "" {
		hint("patchedResource", "patchedResources: "+r.OldPatchedResource)
		if r.PatchedResources == "" {
			r.PatchedResources = r.OldPatchedResource
		}
	}
	if r.OldNamespace != "" {
		hint("namespace", fmt.Sprintf("resources: [%s/<name>]", r.OldNamespace))
		for i, name := range r.Resources {
			if !strings.Contains(name, "/") {
				r.Resources[i] = r.OldNamespace + "/" + name
			}
		}
	}
	return hints
}

var unknownField = regexp.MustCompile(`unknown field "(.*)"`)

// located finds the line of a field that a document may not have: the decoder tells its name alone.
func located(d *manifest.Document, err error) error {
	found := unknownField.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	path := ""
	list, _ := d.Object["results"].([]any)
	for i, r := range list {
		if fields, ok := r.(map[string]any); ok && has(fields, found[1]) {
			path = fmt.Sprintf("results[%d].%s", i, found[1])
			break
		}
	}
	if has(d.Object, found[1]) {
		path = found[1]
	}
	said := fmt.Errorf("a suite has no field %s", found[1])
	if found[1] == "name" {
		said = errors.New("a suite has no field name; write metadata.name")
	}
	return d.At(path, said)
}

func has(fields map[string]any, name string) bool {
	_, ok := fields[name]
	return ok
}
