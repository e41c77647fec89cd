package lookup

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func roleBinding(namespace, name, kind, role string, subjects ...rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role},
	}
}

func clusterRoleBinding(name, role string, subjects ...rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
}

func startBindings(t testing.TB, objects ...runtime.Object) *Bindings {
	t.Helper()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(objects...), 0)
	rbac := factory.Rbac().V1()
	bindings, err := NewBindings(rbac.RoleBindings().Informer(), rbac.ClusterRoleBindings().Informer())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(func() { cancel(); factory.Shutdown() })
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), bindings.roleBindings.HasSynced, bindings.clusterRoleBindings.HasSynced) {
		t.Fatal("not synced")
	}
	return bindings
}

func TestU14RolesOf(t *testing.T) {
	user := func(name string) rbacv1.Subject { return rbacv1.Subject{Kind: "User", Name: name} }
	group := func(name string) rbacv1.Subject { return rbacv1.Subject{Kind: "Group", Name: name} }
	account := func(namespace, name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "ServiceAccount", Namespace: namespace, Name: name}
	}
	bindings := startBindings(t,
		clusterRoleBinding("u", "of-user", user("test"), user("TEST"), group("test")),
		clusterRoleBinding("sa", "of-account", account("default", "test")),
		clusterRoleBinding("other-sa", "of-other-account", account("other", "test"), account("default", "test2"), account("default", "tes")),
		clusterRoleBinding("as-user", "of-account-by-user-name", user("system:serviceaccount:default:test")),
		clusterRoleBinding("group-of-name", "of-group-test", group("test")),
		clusterRoleBinding("all", "of-everybody", group("system:authenticated")),
		clusterRoleBinding("nobody", "of-nobody"),
		clusterRoleBinding("odd", "of-odd", rbacv1.Subject{Kind: "Robot", Name: "test"}),
		roleBinding("ns", "r", "Role", "r", user("test"), account("default", "test")),
		roleBinding("ns", "r-again", "Role", "r", user("test")),
		roleBinding("ns", "cr", "ClusterRole", "view", user("test")),
		roleBinding("default", "own", "Role", "own", account("", "test")),
		roleBinding("other", "own", "Role", "own", account("", "test")),
	)
	tests := []struct {
		name string
		user eval.User
		want eval.Roles
	}{
		{"U14 the user", eval.User{Name: "test", Groups: []string{"system:authenticated"}},
			eval.Roles{Roles: []string{"ns:r"}, ClusterRoles: []string{"of-everybody", "of-user", "view"}}},
		{"U14 the account", eval.User{Name: "system:serviceaccount:default:test", Groups: []string{"system:serviceaccounts", "system:authenticated"}},
			eval.Roles{Roles: []string{"default:own", "ns:r"}, ClusterRoles: []string{"of-account", "of-account-by-user-name", "of-everybody"}}},
		{"by group", eval.User{Name: "x", Groups: []string{"test", "test"}}, eval.Roles{ClusterRoles: []string{"of-group-test", "of-user"}}},
		{"nobody", eval.User{Name: "x"}, eval.Roles{}},
		{"no name", eval.User{}, eval.Roles{}},
		{"half an account", eval.User{Name: "system:serviceaccount:default"}, eval.Roles{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lookup := NewCluster(ClusterConfig{Bindings: bindings}).Within(t.Context())
			for range 2 {
				got, err := lookup.RolesOf(&test.user)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestRolesAreAnErrorUntilBindingsAreKnown(t *testing.T) {
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	bindings, err := NewBindings(factory.Rbac().V1().RoleBindings().Informer(), factory.Rbac().V1().ClusterRoleBindings().Informer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bindings.RolesOf(&eval.User{Name: "x"}); err == nil {
		t.Error("nobody is bound, it says, before anything was read")
	}
}

// What a question costs must not grow with the bindings of others.
func BenchmarkRolesOf(b *testing.B) {
	for _, others := range []int{0, 5000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			objects := []runtime.Object{clusterRoleBinding("own", "view", rbacv1.Subject{Kind: "User", Name: "me"})}
			for i := range others {
				objects = append(objects, clusterRoleBinding(fmt.Sprint("other-", i), "view", rbacv1.Subject{Kind: "User", Name: fmt.Sprint(i)}))
			}
			bindings := startBindings(b, objects...)
			user := &eval.User{Name: "me", Groups: []string{"system:authenticated", "team"}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bindings.RolesOf(user); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
