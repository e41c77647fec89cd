package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

func TestDiscovery(t *testing.T) {
	client := shared.as("alice").Discovery()
	groups, err := client.ServerGroups()
	if err != nil {
		t.Fatal(err)
	}
	preferred := map[string]string{}
	for _, group := range groups.Groups {
		preferred[group.Name] = group.PreferredVersion.GroupVersion
	}
	if preferred["kyverno.io"] != "kyverno.io/v1" || preferred["wgpolicyk8s.io"] != "wgpolicyk8s.io/v1alpha2" {
		t.Errorf("preferred versions: %v", preferred)
	}
	for _, c := range []struct {
		version, name, singular, short string
		namespaced                     bool
		categories                     []string
	}{
		{"kyverno.io/v1", "clusterpolicies", "clusterpolicy", "cpol", false, []string{"kyverno"}},
		{"kyverno.io/v2beta1", "clusterpolicies", "clusterpolicy", "cpol", false, []string{"kyverno"}},
		{"kyverno.io/v1", "policies", "policy", "pol", true, []string{"kyverno"}},
		{"kyverno.io/v2beta1", "policies", "policy", "pol", true, []string{"kyverno"}},
		{"kyverno.io/v2", "policyexceptions", "policyexception", "polex", true, []string{"kyverno"}},
		{"kyverno.io/v2beta1", "policyexceptions", "policyexception", "polex", true, []string{"kyverno"}},
		{"wgpolicyk8s.io/v1alpha2", "policyreports", "policyreport", "polr", true, nil},
		{"wgpolicyk8s.io/v1alpha2", "clusterpolicyreports", "clusterpolicyreport", "cpolr", false, nil},
	} {
		resources, err := client.ServerResourcesForGroupVersion(c.version)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(resources.APIResources, func(r metav1.APIResource) bool { return r.Name == c.name })
		if i < 0 {
			t.Errorf("%s has no %s", c.version, c.name)
			continue
		}
		r := resources.APIResources[i]
		if r.SingularName != c.singular || !slices.Equal(r.ShortNames, []string{c.short}) || r.Namespaced != c.namespaced || !slices.Equal(r.Categories, c.categories) {
			t.Errorf("%s %s: %+v", c.version, c.name, r)
		}
		if want := sets.New("create", "get", "list", "watch", "update", "patch", "delete", "deletecollection"); !sets.New(r.Verbs...).Equal(want) {
			t.Errorf("%s %s: verbs %v", c.version, c.name, r.Verbs)
		}
	}
}

// Policies are not served as v2, and exceptions have no status that could be written.
func TestVersionHoldsItsKindsAlone(t *testing.T) {
	resources, err := shared.as("alice").Discovery().ServerResourcesForGroupVersion("kyverno.io/v2")
	if err != nil {
		t.Fatal(err)
	}
	if len(resources.APIResources) != 1 || resources.APIResources[0].Name != "policyexceptions" {
		t.Errorf("kyverno.io/v2 has %+v", resources.APIResources)
	}
}

// The internal version, the same Go type as the others, is no business of clients.
func TestOpenAPI(t *testing.T) {
	for path, field := range map[string]string{
		"/openapi/v2": "skipBackgroundRequests", "/openapi/v3/apis/kyverno.io/v1": "skipBackgroundRequests",
		"/openapi/v3/apis/kyverno.io/v2": "ruleNames", "/openapi/v3/apis/kyverno.io/v2beta1": "ruleNames",
	} {
		response, err := shared.http(t, "alice").Get(shared.url(path))
		if err != nil {
			t.Fatal(err)
		}
		body := read(t, response)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, field) {
			t.Errorf("%s: status %d, %d bytes", path, response.StatusCode, len(body))
		}
		if strings.Contains(body, "__internal") {
			t.Errorf("%s names the internal version", path)
		}
	}
}

func TestTable(t *testing.T) {
	policy := newPolicy("team", nameOf(t))
	created, err := shared.as("alice").KyvernoV1().Policies("team").Create(t.Context(), policy, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	created.Status.Conditions = []metav1.Condition{readyCondition()}
	if _, err := shared.as("alice").KyvernoV1().Policies("team").UpdateStatus(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shared.url("/apis/kyverno.io/v1/namespaces/team/policies?fieldSelector=metadata.name="+nameOf(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
	response, err := shared.http(t, "alice").Do(request)
	if err != nil {
		t.Fatal(err)
	}
	var table metav1.Table
	if err := json.Unmarshal([]byte(read(t, response)), &table); err != nil {
		t.Fatal(err)
	}
	if table.Kind != "Table" || len(table.Rows) != 1 || table.ResourceVersion == "" {
		t.Fatalf("got %+v", table)
	}
	shown := map[string]any{}
	for i, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			shown[column.Name] = table.Rows[0].Cells[i]
		}
	}
	age, _ := shown["Age"].(string)
	delete(shown, "Age")
	want := map[string]any{"Name": nameOf(t), "Admission": true, "Background": true, "Ready": "True", "Message": "Ready"}
	if !strings.HasSuffix(age, "s") || !sameJSON(t, shown, want) {
		t.Errorf("shown %v and age %q, want %v", shown, age, want)
	}
	var object metav1.PartialObjectMetadata
	if err := json.Unmarshal(table.Rows[0].Object.Raw, &object); err != nil || object.Name != nameOf(t) {
		t.Errorf("the row is of %q: %v", object.Name, err)
	}
}
