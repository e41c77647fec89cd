package condition

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/json"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/variable"
)

func newScope(object eval.Object) *variable.Scope {
	return variable.NewScope(variable.Config{
		Request: &eval.Request{Operation: eval.Create, Object: object, Now: time.Unix(0, 0)},
		Policy:  eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}, Rule: "r",
	})
}

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// holds asks an operator directly, as a condition does for a static value.
func holds(t testing.TB, name v1.ConditionOperator, key, value any) bool {
	t.Helper()
	o, ok := lookUp(name)
	if !ok {
		t.Fatalf("there is no operator %s", name)
	}
	check, err := o.with(value)
	if err != nil {
		t.Fatal(err)
	}
	holds, err := check.holds(newScope(nil), key)
	if err != nil {
		t.Fatal(err)
	}
	return holds
}

// The numbers of a comparison that no duration can hold: the reference makes random ones of them.
const tooLong = "1e+21"

func TestOperators(t *testing.T) {
	compared := compareWithReference(t, "testdata/operators.txt") + compareWithReference(t, "testdata/spellings.txt")
	if compared < 130_000 {
		t.Errorf("only %d comparisons were made", compared)
	}
}

func compareWithReference(t *testing.T, path string) (compared int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var values []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		switch {
		case strings.HasPrefix(fields[0], "#"):
			continue
		case fields[0] == "value":
			values = append(values, fields[1])
			continue
		}
		name, key := v1.ConditionOperator(fields[0]), fields[1]
		for i, want := range fields[2] {
			got := holds(t, name, decode(t, key), decode(t, values[i]))
			switch {
			case want == '-' && got:
				t.Errorf("%s %s %s holds, where the reference crashes", key, name, values[i])
			case want == '-', key == tooLong && durationOf(decode(t, values[i])).explicit, key == tooLong && strings.HasPrefix(fields[0], "Duration"):
			default:
				compared++
				if got != (want == '1') {
					t.Errorf("%s %s %s: %v, and the reference says %c", key, name, values[i], got, want)
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return compared
}

// Where the reference loses its way in numbers, what they say counts.
func TestOperatorsDiffer(t *testing.T) {
	for _, test := range []struct {
		key      string
		operator v1.ConditionOperator
		value    string
		want     bool
	}{
		// It writes the key as 3e+06.
		{`3000000`, v1.AnyIn, `[3000000]`, true},
		{`3000000`, v1.AllNotIn, `["3000000"]`, false},
		{`[3000000]`, v1.AnyIn, `3000000`, true},
		// It lets the seconds of a long duration overflow.
		{`"Inf"`, v1.GreaterThan, `"1h"`, true},
		{`1e21`, v1.LessThan, `"1h"`, false},
		// It takes a range below zero for a string.
		{`["a"]`, v1.AnyNotIn, `"-5--1"`, false},
		{`["3"]`, v1.AnyNotIn, `"-5--1"`, true},
		// It crashes.
		{`[1]`, v1.In, `["1"]`, false},
		{`[1]`, v1.NotIn, `["2"]`, false},
	} {
		if got := holds(t, test.operator, decode(t, test.key), decode(t, test.value)); got != test.want {
			t.Errorf("%s %s %s: %v", test.key, test.operator, test.value, got)
		}
	}
}
