package main

import (
	"encoding/json"
	"iter"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/kyverno/validation"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// judge is Edict's side.
func judge(c *testCase) verdict {
	policy := &v1.ClusterPolicy{}
	object := eval.Object{}
	if err := roundTrip(c.policy, policy); err != nil {
		return verdict{refused: true, why: err.Error()}
	}
	text, _ := json.Marshal(c.object)
	if err := kjson.Unmarshal(text, &object); err != nil {
		return verdict{refused: true, why: err.Error()}
	}
	program, errs := engine.Compile(policy)
	errs = append(validation.ValidateClusterPolicy(policy), errs...)
	if len(errs) > 0 {
		return verdict{refused: true, why: errs.ToAggregate().Error()}
	}
	var v verdict
	for _, d := range engine.Evaluate(engine.Input{Programs: []*engine.Program{program}, Request: request(object), Lookup: offline{}}) {
		v.rows = append(v.rows, row{d.Rule, string(d.Result), d.Message})
	}
	return v
}

func roundTrip(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(text, to)
}

func request(object eval.Object) *eval.Request {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	name, _ := at(object, "metadata", "name").(string)
	namespace, _ := at(object, "metadata", "namespace").(string)
	return &eval.Request{
		Kind: schema.FromAPIVersionAndKind(apiVersion, kind), Name: name, Namespace: namespace,
		Operation: eval.Create, Object: object, Now: time.Now(),
	}
}

// offline is a lookup that has nothing but namespaces without labels.
type offline struct{}

func (offline) NamespaceLabels(string) (map[string]string, error) { return nil, nil }
func (offline) RolesOf(*eval.User) (eval.Roles, error)            { return eval.Roles{}, nil }
func (offline) Values(eval.PolicyRef, string) eval.Object         { return nil }
func (offline) Read(eval.Source) (any, error) {
	return nil, &eval.Unavailable{What: "everything", Remedy: "none"}
}

// at is what a path of keys leads to, or nil.
func at(v any, path ...string) any {
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
