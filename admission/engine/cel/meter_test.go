package cel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// TestMeter puts calls to an object that make far more of it than it is.
func TestMeter(t *testing.T) {
	list := make([]any, 10_000)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	req := pod()
	req.Object["spec"] = map[string]any{"list": list, "text": strings.Repeat("x", 1<<20)}
	// Each variable holds the one before it twice.
	doubling := []admissionregistrationv1.Variable{{Name: "v0", Expression: "[object.spec.list[0]]"}}
	for i := range 60 {
		doubling = append(doubling, admissionregistrationv1.Variable{Name: fmt.Sprint("v", i+1), Expression: fmt.Sprintf("[dyn(variables.v%d), dyn(variables.v%d)]", i, i)})
	}
	for expression, variables := range map[string][]admissionregistrationv1.Variable{
		"object.spec.text.replace('x', object.spec.text) != ''":               nil,
		"object.spec.text.replace('', object.spec.text) != ''":                nil,
		"object.spec.list.map(x, object.spec.text).join('') != ''":            nil,
		"object.spec.list.join(object.spec.text) != ''":                       nil,
		"object.spec.list.distinct().size() > 0":                              nil,
		"sets.contains(object.spec.list, object.spec.list)":                   nil,
		"sets.equivalent(object.spec.list, object.spec.list)":                 nil,
		"sets.intersects(object.spec.list, object.spec.list)":                 nil,
		"'%s'.format([object.spec.list.map(x, object.spec.text)]) != ''":      nil,
		"dyn(variables.v60) == dyn([variables.v59, variables.v59])":           doubling,
		"dyn(variables.v60) != dyn([variables.v59, variables.v59])":           doubling,
		"dyn(variables.v60) in [dyn([variables.v59, variables.v59]), dyn(1)]": doubling,
		"variables.v60.flatten(100).size() > 0":                               doubling,
	} {
		check := compile(t, Config{Rule: "r", Validation: &v1.Validation{CEL: &v1.CEL{
			Variables: variables, Expressions: []admissionregistrationv1.Validation{{Expression: expression}},
		}}})
		start := time.Now()
		v := check.Evaluate(req, &cluster{})
		if v.Result != eval.Fail || !strings.Contains(v.Message, "elements and characters") && !strings.Contains(v.Message, "cost") {
			t.Errorf("%s: %s %.200s", expression, v.Result, v.Message)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s took %v", expression, took)
		}
	}
}

// TestMeteredFunctions shows that metered functions still do what they do.
func TestMeteredFunctions(t *testing.T) {
	for _, expression := range []string{
		"'abcb'.replace('b', 'xy') == 'axycxy'", "'abcb'.replace('b', 'x', 1) == 'axcb'", "['a', 'b'].join() == 'ab'", "['a', 'b'].join('-') == 'a-b'",
		"[1, 2, 1].distinct() == [1, 2]", "sets.contains([1, 2], [2])", "!sets.equivalent([1], [2])", "sets.intersects([1, 2], [2, 3])",
		"'%s is %d'.format(['a', 1]) == 'a is 1'", "[[1], [2, 3]].flatten() == [1, 2, 3]", "[dyn([1]), dyn([dyn(2), dyn([3])])].flatten(2) == [1, 2, 3]",
		"1 in [1, 2] && !(3 in [1, 2]) && 'a' in {'a': 1}", "object.metadata.name in ['pod1', 'pod2']", "dyn(1) in dyn([1])",
		"dyn(1) == 1.0 && dyn('a') != dyn(1) && {'a': [1]} == {'a': [1]}", "object == object && object.metadata.labels == {'a': 'b'}",
		"dyn('abc').replace('a', 'b') == 'bbc'", "dyn(['a']).join() == 'a'",
	} {
		check := compile(t, Config{Rule: "r", Validation: &v1.Validation{CEL: &v1.CEL{Expressions: []admissionregistrationv1.Validation{{Expression: expression}}}}})
		if v := check.Evaluate(pod(), &cluster{}); v.Result != eval.Pass {
			t.Errorf("%s: %v", expression, v)
		}
	}
}
