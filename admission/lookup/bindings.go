package lookup

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/client-go/tools/cache"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Bindings tell what RBAC binds to users. They are indexed by whom they bind, so that a question costs what the user
// has, and not what the cluster has.
type Bindings struct {
	roleBindings, clusterRoleBindings cache.SharedIndexInformer
}

// NewBindings returns the Bindings that informers of RoleBinding and ClusterRoleBinding hold, which the caller runs, and
// which must not run yet.
func NewBindings(roleBindings, clusterRoleBindings cache.SharedIndexInformer) (*Bindings, error) {
	for _, informer := range []cache.SharedIndexInformer{roleBindings, clusterRoleBindings} {
		err := errors.Join(
			informer.AddIndexers(cache.Indexers{bySubject: subjectsOf}),
			informer.SetTransform(dropManagedFields))
		if err != nil {
			return nil, fmt.Errorf("role bindings: %w", err)
		}
	}
	return &Bindings{roleBindings, clusterRoleBindings}, nil
}

const bySubject = "subject"

// The three kinds of subjects are apart: a User by the name of a ServiceAccount is another one (U14).
func subjectKey(kind, namespace, name string) string { return kind + "/" + namespace + "/" + name }

// subjectsOf are the keys of everybody whom a binding binds.
func subjectsOf(object any) ([]string, error) {
	var subjects []rbacv1.Subject
	var own string
	switch binding := object.(type) {
	case *rbacv1.RoleBinding:
		subjects, own = binding.Subjects, binding.Namespace
	case *rbacv1.ClusterRoleBinding:
		subjects = binding.Subjects
	default:
		return nil, fmt.Errorf("an informer of role bindings holds a %T", object)
	}
	var keys []string
	for _, subject := range subjects {
		switch subject.Kind {
		case rbacv1.UserKind, rbacv1.GroupKind:
			keys = append(keys, subjectKey(subject.Kind, "", subject.Name))
		case rbacv1.ServiceAccountKind:
			namespace := subject.Namespace
			if namespace == "" {
				namespace = own
			}
			keys = append(keys, subjectKey(subject.Kind, namespace, subject.Name))
		}
	}
	return keys, nil
}

// RolesOf returns what is bound to a user, by name or by group, sorted. Until all bindings have been seen once it is an
// error: who is not bound yet may be bound.
func (b *Bindings) RolesOf(user *eval.User) (eval.Roles, error) {
	if !b.roleBindings.HasSynced() || !b.clusterRoleBindings.HasSynced() {
		return eval.Roles{}, errors.New("the role bindings of the cluster have not been read yet")
	}
	keys := []string{subjectKey(rbacv1.UserKind, "", user.Name)}
	if namespace, name, err := serviceaccount.SplitUsername(user.Name); err == nil {
		keys = append(keys, subjectKey(rbacv1.ServiceAccountKind, namespace, name))
	}
	for _, group := range user.Groups {
		keys = append(keys, subjectKey(rbacv1.GroupKind, "", group))
	}
	roles, clusterRoles := map[string]bool{}, map[string]bool{}
	for _, key := range keys {
		for _, informer := range []cache.SharedIndexInformer{b.roleBindings, b.clusterRoleBindings} {
			bindings, err := informer.GetIndexer().ByIndex(bySubject, key)
			if err != nil {
				return eval.Roles{}, fmt.Errorf("role bindings: %w", err)
			}
			for _, binding := range bindings {
				collect(binding, roles, clusterRoles)
			}
		}
	}
	return eval.Roles{Roles: slices.Sorted(maps.Keys(roles)), ClusterRoles: slices.Sorted(maps.Keys(clusterRoles))}, nil
}

func collect(object any, roles, clusterRoles map[string]bool) {
	switch binding := object.(type) {
	case *rbacv1.ClusterRoleBinding:
		clusterRoles[binding.RoleRef.Name] = true
	case *rbacv1.RoleBinding:
		if binding.RoleRef.Kind == "ClusterRole" {
			clusterRoles[binding.RoleRef.Name] = true
			return
		}
		roles[binding.Namespace+":"+binding.RoleRef.Name] = true
	}
}

// dropManagedFields keeps from memory what nobody reads.
func dropManagedFields(object any) (any, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return object, nil // a tombstone
	}
	accessor.SetManagedFields(nil)
	accessor.SetAnnotations(nil)
	return object, nil
}
