package match

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestNamespaces(t *testing.T) {
	prod := &metav1.LabelSelector{MatchLabels: map[string]string{"env": "prod"}}
	for _, test := range []struct {
		names    []string
		selector *metav1.LabelSelector
		want     bool
	}{
		{nil, nil, true},
		{[]string{"team-*"}, nil, true},
		{[]string{"other"}, nil, false},
		{nil, prod, true},
		{[]string{"team-*"}, prod, true},
		{[]string{"other"}, prod, false},
	} {
		n, errs := NewNamespaces(test.names, test.selector, field.NewPath("o"))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, err := n.Match(configMap("team-a", "x"), lookup{"team-a": {"env": "prod"}}); err != nil || got != test.want {
			t.Errorf("%v %v: %v, %v", test.names, test.selector, got, err)
		}
		if _, err := n.Match(configMap("team-a", "x"), lookup{}); (err != nil) != (test.selector != nil && test.want) {
			t.Errorf("%v %v: error %v", test.names, test.selector, err)
		}
	}
	if _, errs := NewNamespaces(nil, &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b c"}}, field.NewPath("o")); len(errs) != 1 || errs[0].Field != "o.namespaceSelector.matchLabels[a]" {
		t.Errorf("%v", errs)
	}
}
