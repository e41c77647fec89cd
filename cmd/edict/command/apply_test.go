package command

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// files writes files into a folder of their own and makes it the working directory.
func files(t *testing.T, content map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

const podManifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: a}]}\n"

// rule is a policy with one rule on Pods.
func ruleOnPods(rest string) string {
	return "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n" + rest
}

func TestC01NothingIsReachedUnlessAskedFor(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.NotFound(w, r)
	}))
	defer server.Close()
	kubeconfig := `{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}],
"contexts":[{"name":"a","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"touch","args":["ran"],"interactiveMode":"Never"}}}]}`
	files(t, map[string]string{
		"kubeconfig": kubeconfig, "pod.yaml": podManifest,
		"policy.yaml": ruleOnPods(`    context:
    - name: call
      apiCall: {urlPath: /api/v1/namespaces}
    - name: service
      apiCall: {method: GET, service: {url: "` + server.URL + `"}}
    - name: settings
      configMap: {name: a, namespace: b}
    validate:
      message: never
      deny: {conditions: {any: [{key: "{{ call }}{{ service }}{{ settings }}{{ is_external_url('` + server.URL + `') }}", operator: Equals, value: a}]}}
`),
	})
	t.Setenv("KUBECONFIG", "kubeconfig")
	stdout, stderr, code := edict(t, "", "apply", "policy.yaml", "-r", "pod.yaml")
	if code != 0 || !strings.Contains(stdout, "skip: 1") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests", n)
	}
	if _, err := os.Stat("ran"); err == nil {
		t.Error("what the kubeconfig names was run")
	}
	// A kubeconfig that cannot be read is not even noticed.
	t.Setenv("KUBECONFIG", string(filepath.Separator)+"nowhere")
	if again, _, _ := edict(t, "", "apply", "policy.yaml", "-r", "pod.yaml"); again != stdout {
		t.Errorf("got %s", again)
	}
	t.Setenv("KUBECONFIG", "kubeconfig")
	if edict(t, "", "apply", "policy.yaml", "-r", "pod.yaml", "--cluster"); requests.Load() == 0 {
		if _, err := os.Stat("ran"); err != nil {
			t.Error("with --cluster nobody was asked: the test above proves nothing")
		}
	}
}

func TestC03EscapesInNamesAndMessages(t *testing.T) {
	files(t, map[string]string{
		"policy.yaml": ruleOnPods("    validate: {message: \"a\\e[2Jb\\rpass\", pattern: {spec: {x: 'y'}}}\n"),
		"pod.yaml":    strings.Replace(podManifest, "name: p", `name: "p\e]0;owned\a"`, 1),
	})
	for _, format := range []string{"", "table", "json", "yaml", "policyreport", "junit", "sarif"} {
		stdout, stderr, code := edict(t, "", "apply", "policy.yaml", "-r", "pod.yaml", "--output-format", format, "--detailed-results")
		if code != 1 || !strings.Contains(stdout, "owned") || strings.ContainsAny(stdout+stderr, "\x1b\a\r") {
			t.Errorf("%s: exit code %d: %q %q", format, code, stdout, stderr)
		}
	}
}

func TestC04WhatCannotBeReadOrJudgedFails(t *testing.T) {
	files(t, map[string]string{
		"policy.yaml": ruleOnPods("    validate: {message: never, pattern: {spec: {}}}\n"),
		"pod.yaml":    podManifest, "broken.yaml": "a: [", "twice.yaml": podManifest + "kind: Pod\n",
		"config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
	})
	for _, args := range [][]string{
		{"broken.yaml", "-r", "pod.yaml"}, {"policy.yaml", "broken.yaml", "-r", "pod.yaml"}, {"policy.yaml", "-r", "broken.yaml"},
		{"policy.yaml", "-r", "twice.yaml"}, {"pod.yaml", "-r", "pod.yaml"}, {"policy.yaml", "-r", "config.yaml", "--strict"},
		{"policy.yaml", "-r", "pod.yaml", "-f", "broken.yaml"}, {"policy.yaml", "-r", "pod.yaml", "-u", "nope.yaml"},
		{"policy.yaml", "-r", "pod.yaml", "-e", "broken.yaml"}, {"policy.yaml", "-r", "pod.yaml", "--crd-paths", "nope.yaml"},
		{"policy.yaml", "-r", "pod.yaml", "--cluster", "--kubeconfig", "nope"},
	} {
		if stdout, stderr, code := edict(t, "", append([]string{"apply"}, args...)...); code != 1 {
			t.Errorf("%v: exit code %d:\n%s%s", args, code, stdout, stderr)
		}
	}
}

func TestApplyToACluster(t *testing.T) {
	answers := map[string]string{
		"/api":                                `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":                               `{"kind":"APIGroupList","groups":[]}`,
		"/api/v1":                             `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]},{"name":"nodes","kind":"Node","verbs":["list"]}]}`,
		"/api/v1/pods":                        `{"kind":"PodList","apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"live","namespace":"n"}}]}`,
		"/api/v1/namespaces/n":                `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"n","labels":{"tier":"gold"}}}`,
		"/api/v1/namespaces/default":          `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"default"}}`,
		"/apis/kyverno.io/v1/clusterpolicies": `{"kind":"ClusterPolicyList","apiVersion":"kyverno.io/v1","items":[{"kind":"ClusterPolicy","apiVersion":"kyverno.io/v1","metadata":{"name":"served"},"spec":{"rules":[{"name":"r","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"validate":{"message":"never","deny":{}}}]}}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if w.Header().Set("Content-Type", "application/json"); !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	files(t, map[string]string{
		"kubeconfig": `{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}],"contexts":[{"name":"a","context":{"cluster":"c"}}]}`,
		"pod.yaml":   podManifest,
		"policy.yaml": ruleOnPods(`    context: [{name: ns, apiCall: {urlPath: "/api/v1/namespaces/{{ request.namespace }}"}}]
    validate: {message: "in {{ ns.metadata.name }}", deny: {conditions: {any: [{key: "{{ ns.metadata.labels.tier || '' }}", operator: Equals, value: gold}]}}}
`),
	})
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"resources of the cluster":           {[]string{"policy.yaml"}, 1, "policy p -> resource n/Pod/live failed:\n1 - r in n\n\npass: 0, fail: 1"},
		"files, with lookups in the cluster": {[]string{"policy.yaml", "-r", "pod.yaml"}, 0, "pass: 1, fail: 0"},
		"policies and resources":             {nil, 1, "policy served -> resource n/Pod/live failed:"},
		"policies of the cluster, on files":  {[]string{"-r", "pod.yaml"}, 1, "policy served -> resource default/Pod/p failed:"},
		"a namespace where nothing is":       {[]string{"policy.yaml", "-n", "empty"}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := edict(t, "", append([]string{"apply", "--cluster", "--kubeconfig", "kubeconfig"}, test.args...)...)
			if code != test.code || !strings.Contains(stdout, test.want) {
				t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
			}
		})
	}
}
