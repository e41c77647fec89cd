package match

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestLabelSelector(t *testing.T) {
	in := func(key string, op metav1.LabelSelectorOperator, values ...string) metav1.LabelSelectorRequirement {
		return metav1.LabelSelectorRequirement{Key: key, Operator: op, Values: values}
	}
	have := labels.Set{"app": "web", "abc": "wow", "tier": ""}
	for _, test := range []struct {
		labels      map[string]string
		expressions []metav1.LabelSelectorRequirement
		want        bool
	}{
		{nil, nil, true},
		{map[string]string{"app": "web"}, nil, true},
		{map[string]string{"app": "db"}, nil, false},
		{map[string]string{"a*": "wow"}, nil, true},
		{map[string]string{"a*": "no*"}, nil, false},
		{map[string]string{"app": "w?b", "abc": "wow"}, nil, true},
		{map[string]string{"zz*": "*"}, nil, false},
		{map[string]string{"tier": "*"}, nil, true},
		{map[string]string{"tier": "?*"}, nil, false},
		{nil, []metav1.LabelSelectorRequirement{in("app", "In", "web", "db")}, true},
		{nil, []metav1.LabelSelectorRequirement{in("app", "NotIn", "web")}, false},
		{nil, []metav1.LabelSelectorRequirement{in("old", "DoesNotExist"), in("tier", "Exists")}, true},
		{map[string]string{"app": "web"}, []metav1.LabelSelectorRequirement{in("tier", "DoesNotExist")}, false},
	} {
		s, errs := newLabelSelector(&metav1.LabelSelector{MatchLabels: test.labels, MatchExpressions: test.expressions}, nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got := s.match(have); got != test.want {
			t.Errorf("%v %v: %v, want %v", test.labels, test.expressions, got, test.want)
		}
	}
}

func TestLabelSelectorRefuses(t *testing.T) {
	wide := "*" + strings.Repeat("?a", 40) + "*"
	many := map[string]string{}
	for i := range maxPairs + 1 {
		many[fmt.Sprintf("a%d*", i)] = "x"
	}
	for want, s := range map[string]metav1.LabelSelector{
		"s.matchLabels[app]":          {MatchLabels: map[string]string{"app": "no value!"}},
		"s.matchLabels[" + wide + "]": {MatchLabels: map[string]string{wide: "x"}},
		"s.matchLabels":               {MatchLabels: many},
		"s.matchExpressions":          {MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}},
	} {
		if _, errs := newLabelSelector(&s, field.NewPath("s")); len(errs) != 1 || errs[0].Field != want {
			t.Errorf("%v, want %s", errs, want)
		}
	}
}

func TestStringMap(t *testing.T) {
	for _, v := range []any{nil, "x", []any{}} {
		if got := stringMap(v); len(got) > 0 {
			t.Errorf("%v has %v", v, got)
		}
	}
	if got := stringMap(map[string]any{"a": "1", "b": int64(2)}); len(got) != 1 || got["a"] != "1" {
		t.Errorf("got %v", got)
	}
}
