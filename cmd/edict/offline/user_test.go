package offline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestReadUserInfo(t *testing.T) {
	info, warning, err := ReadUserInfo(documents(t, "roles: [n:r]\nclusterRoles: [admin]\nuserInfo: {username: bob, groups: [g], extra: {a: [b]}}\n"), "u.yaml")
	if err != nil || !strings.Contains(warning, "u.yaml: apiVersion and kind are missing") {
		t.Errorf("%v %q", err, warning)
	}
	user, roles := info.Eval()
	if diff := cmp.Diff(&eval.User{Name: "bob", Groups: []string{"g"}, Extra: map[string][]string{"a": {"b"}}}, user); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(eval.Roles{Roles: []string{"n:r"}, ClusterRoles: []string{"admin"}}, roles); diff != "" {
		t.Error(diff)
	}
	if _, _, err := ReadUserInfo(documents(t, "apiVersion: a\nkind: UserInfo\nroles: [admin]"), "u.yaml"); err == nil || !strings.HasPrefix(err.Error(), "f.yaml:3:1: roles: \"admin\"") {
		t.Errorf("%v", err)
	}
}
