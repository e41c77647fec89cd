package variable

import (
	"errors"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestRequestFields(t *testing.T) {
	r := podRequest(t)
	r.UID, r.Subresource, r.DryRun = "u1", "status", true
	r.User = &eval.User{Name: "system:serviceaccount:ns:sa", UID: "7", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}}
	l := &lookup{roles: eval.Roles{Roles: []string{"ns:r"}, ClusterRoles: []string{"c"}}}
	s := NewScope(Config{Request: r, Lookup: l, Policy: clusterPolicy})
	for template, want := range map[string]string{
		"{{ request.uid }}": `"u1"`, "{{ request.kind }}": `{"group":"","kind":"Pod","version":"v1"}`, "{{ request.resource.resource }}": `"pods"`,
		"{{ request.requestKind.kind }}": `"Pod"`, "{{ request.requestResource.version }}": `"v1"`, "{{ request.subResource }}": `"status"`,
		"{{ request.name }}": `"p"`, "{{ request.namespace }}": `"default"`, "{{ request.operation }}": `"CREATE"`, "{{ request.dryRun }}": `true`,
		"{{ request.options }}": `null`, "{{ request.oldObject }}": `null`, "{{ request.object.kind }}": `"Pod"`,
		"{{ request.userInfo }}":   `{"extra":{"k":["v"]},"groups":["g"],"uid":"7","username":"system:serviceaccount:ns:sa"}`,
		"{{ serviceAccountName }}": `"sa"`, "{{ serviceAccountNamespace }}": `"ns"`,
	} {
		wantValue(t, s, template, want)
	}
	if l.rolesRead > 0 {
		t.Error("roles were looked up, and nothing mentions them")
	}
	wantValue(t, s, "{{ request.roles }}{{ request.clusterRoles }}", `"[\"ns:r\"][\"c\"]"`)
	wantValue(t, s, "{{ request | keys(@) | sort(@) | join(' ', @) }}",
		`"clusterRoles dryRun kind name namespace object oldObject operation options requestKind requestResource requestSubResource resource roles subResource uid userInfo"`)
	l.rolesErr = errors.New("no informer")
	wantError(t, s, "{{ request.roles }}", "no informer")
	wantError(t, s, "{{ request.roles || 'none' }}", "no informer")
}

// In a scan nobody asks, and what only an API server says is not known.
func TestRequestInScan(t *testing.T) {
	s := podScope(t)
	wantValue(t, s, "{{ request | keys(@) | sort(@) | join(' ', @) }}", `"kind name namespace object operation requestKind requestResource resource"`)
	for _, name := range []string{"uid", "userInfo", "roles", "clusterRoles", "oldObject", "options", "dryRun"} {
		wantError(t, s, "{{ request."+name+" }}", "Unknown key")
	}
}

// U14: a user whose name is as long as a ServiceAccount's is none.
func TestU14OnlyServiceAccountsAreServiceAccounts(t *testing.T) {
	for name, want := range map[string]string{
		"system:serviceaccount:ns:sa": "ns/sa", "ns:sa": "/", "xxxxxx:xxxxxxxxxxxxxx:ns:sa": "/", "system:serviceaccount:": "/", "system:serviceaccount:ns": "/", "": "/",
	} {
		r := podRequest(t)
		r.User = &eval.User{Name: name}
		s := NewScope(Config{Request: r, Policy: clusterPolicy})
		wantValue(t, s, "{{ serviceAccountNamespace }}/{{ serviceAccountName }}", `"`+want+`"`)
	}
}

func TestNoRolesAreNone(t *testing.T) {
	r := podRequest(t)
	r.User = &eval.User{Name: "alice"}
	s := NewScope(Config{Request: r, Lookup: &lookup{roles: eval.Roles{Roles: []string{"ns:r"}}}, Policy: clusterPolicy})
	wantValue(t, s, "{{ request.roles }}", `["ns:r"]`)
	wantError(t, s, "{{ request.clusterRoles }}", "Unknown key")
	wantValue(t, s, "{{ request.clusterRoles || 'none' }}", `"none"`)
}
