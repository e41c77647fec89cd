package output

import (
	"encoding/json"
	"io"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// data is a Run for programs. Its fields are added to and never renamed: people's scripts depend on them.
type data struct {
	Rules       int           `json:"rules"`
	Resources   int           `json:"resources"`
	Exceptions  int           `json:"exceptions"`
	Results     []dataResult  `json:"results"`
	Invalid     []dataProblem `json:"invalid"`
	Unsupported []string      `json:"unsupported"`
	Unread      []string      `json:"unread"`
	Summary     Summary       `json:"summary"`
}

type dataResult struct {
	Policy     string            `json:"policy"`
	PolicyKind string            `json:"policyKind"`
	Rule       string            `json:"rule"`
	Resource   dataResource      `json:"resource"`
	Operation  eval.Operation    `json:"operation,omitempty"`
	Result     eval.Result       `json:"result"`
	Message    string            `json:"message"`
	Action     eval.Action       `json:"action,omitempty"`
	Severity   string            `json:"severity,omitempty"`
	Category   string            `json:"category,omitempty"`
	Exceptions []string          `json:"exceptions,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	// NotJudged tells that something is missing here, of which the message speaks.
	NotJudged bool `json:"notJudged,omitempty"`
}

type dataResource struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	File       string `json:"file,omitempty"`
	Line       int    `json:"line,omitempty"`
}

type dataProblem struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Errors []string `json:"errors"`
}

// Data writes the run as YAML or JSON.
func (r *Run) Data(w io.Writer, asJSON bool) error {
	out := data{
		Rules: r.Rules, Resources: r.Resources, Exceptions: r.Exceptions, Summary: r.Summary(),
		Results: make([]dataResult, len(r.Judgements)), Invalid: make([]dataProblem, len(r.Invalid)), Unread: make([]string, len(r.Unread)),
		Unsupported: make([]string, len(r.Unsupported)),
	}
	for i := range r.Judgements {
		j := &r.Judgements[i]
		resource := dataResource{
			APIVersion: j.Resource.Kind.GroupVersion().String(), Kind: j.Resource.Kind.Kind,
			Namespace: j.Resource.Namespace, Name: j.Resource.Name,
		}
		if d := j.Resource.Document; d != nil {
			resource.File, resource.Line = d.File, d.Line
		}
		out.Results[i] = dataResult{
			Policy: j.Decision.Policy.String(), PolicyKind: j.Decision.Policy.Kind, Rule: j.Rule, Resource: resource,
			Operation: j.Operation, Result: r.Result(j), Message: j.Message, Action: j.Action,
			Severity: j.Severity, Category: j.Category, Exceptions: j.Exceptions, Properties: j.Properties, NotJudged: j.Unknown,
		}
	}
	for i, invalid := range r.Invalid {
		problem := dataProblem{Kind: invalid.Kind, Name: invalid.Name}
		for _, err := range invalid.Errors {
			problem.Errors = append(problem.Errors, err.Error())
		}
		out.Invalid[i] = problem
	}
	for i, other := range r.Unsupported {
		out.Unsupported[i] = other.String()
	}
	for i, err := range r.Unread {
		out.Unread[i] = err.Error()
	}
	if !asJSON {
		return encode(w, out, false)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}
