package suite

import (
	"context"
	"strings"
	"testing"
)

// TestLenient: suites are read as people write them.
func TestLenient(t *testing.T) {
	for _, content := range []string{
		"apiVersion: kyverno.io/v1\nkind: Test\nresults: [{policy: p, result: pass}]",
		"apiVersion: any\nkind: thing\nRESULTS: [{Policy: p, isMUtatingPolicy: true, Result: pass}]",
	} {
		suites := find(t, map[string]string{FileName: content})
		if len(suites) != 1 || len(suites[0].Errors) > 0 || len(suites[0].Results) != 1 || suites[0].Results[0].Policy != "p" {
			t.Errorf("%s: %+v", content, suites[0])
		}
	}
}

func find(t *testing.T, files map[string]string) []*Suite {
	t.Helper()
	suites, err := Find(context.Background(), []string{write(t, files)}, FileName)
	if err != nil {
		t.Fatal(err)
	}
	return suites
}

func TestErrorsOfSuites(t *testing.T) {
	for _, test := range []struct{ content, want string }{
		{"kind: Test", ":1:7: kind: apiVersion and kind are required"},
		{"apiVersion: v1", "apiVersion and kind are required"},
		{head + "name: t", ":4:7: a suite has no field name; write metadata.name"},
		{head + "results:\n- {policy: p, result: pass}\n- policy: p\n  result: pass\n  resultt: fail", ":8:12: a suite has no field resultt"},
		{head + "results: [{result: pass}]", "results[0].policy: name the policy"},
		{head + "results: [{policy: p}]", `results[0].result: "" is none of`},
		{head + "results: [{policy: p, result: passed}]", `results[0].result: "passed" is none of`},
		{head + "results: [{policy: p, result: pass, operation: PATCH}]", `results[0].operation: "PATCH" is none of [CREATE UPDATE DELETE]`},
		{head + "results: [{policy: p, result: pass, operation: DELETE, isDeletingPolicy: true}]", "results[0].operation: a deleting policy"},
		{head + "results: {policy: p}", "cannot unmarshal"},
		{head + "checks: [{}]", "checks are not supported"},
		{"a: b\n---\n[", "kyverno-test.yaml:3"},
	} {
		suites := find(t, map[string]string{FileName: test.content})
		var errs []string
		for _, s := range suites {
			for _, err := range s.Errors {
				errs = append(errs, err.Error())
			}
		}
		if !strings.Contains(strings.Join(errs, "\n"), test.want) {
			t.Errorf("%s: %v", test.content, errs)
		}
	}
}

func TestOlderSpellings(t *testing.T) {
	s := find(t, map[string]string{FileName: head + "results:\n- {policy: p, resource: a, namespace: ns, status: pass, patchedResource: f}\n- {policy: p, resources: [a, m/b], resource: c, result: fail}"})[0]
	first, second := s.Results[0], s.Results[1]
	if len(s.Errors) > 0 || strings.Join(first.Resources, " ") != "ns/a" || first.Result != "pass" || first.PatchedResources != "f" {
		t.Errorf("%+v, %v", first, s.Errors)
	}
	if strings.Join(second.Resources, " ") != "a m/b" || second.Result != "fail" {
		t.Errorf("%+v", second)
	}
	if len(s.Hints) != 5 || !strings.Contains(s.Hints[0], ":5: results[0].resource is an older spelling; write resources: [a]") || !strings.Contains(s.Hints[4], ":6: results[1].resource") {
		t.Errorf("%q", s.Hints)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(head + "results: [{policy: p, rule: r, resource: a, namespace: ns, status: pass}]")
	f.Add("apiVersion: a\nkind: b\nvalues: {globalValues: {a: [1]}}\nglobalContextEntries: [{name: a, data: {}}]\nresults: [{}]")
	f.Fuzz(func(t *testing.T, content string) {
		for _, s := range find(t, map[string]string{FileName: content}) {
			if len(s.Errors) == 0 && s.document == nil {
				t.Fatalf("%+v", s)
			}
		}
	})
}
