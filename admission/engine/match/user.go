package match

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

// serviceAccountPrefix stands in front of namespace:name in the user name of a ServiceAccount.
const serviceAccountPrefix = "system:serviceaccount:"

// users says who is meant: of each list that is given one entry must fit.
type users struct {
	subjects            []subject
	roles, clusterRoles []string
}

// subject is a user, a group or a ServiceAccount. Each kind is compared with its own: a user who is called like a
// ServiceAccount is not that account.
type subject struct {
	kind      string
	name      *scalar.Wildcard
	namespace *scalar.Wildcard
}

// newUsers returns nil where nobody in particular is meant.
func newUsers(u *v1.UserInfo, path *field.Path) (*users, field.ErrorList) {
	if len(u.Subjects)+len(u.Roles)+len(u.ClusterRoles) == 0 {
		return nil, nil
	}
	var errs field.ErrorList
	out := &users{roles: u.Roles, clusterRoles: u.ClusterRoles}
	for i := range u.Subjects {
		s, subjectErrs := newSubject(&u.Subjects[i], path.Child("subjects").Index(i))
		errs = append(errs, subjectErrs...)
		out.subjects = append(out.subjects, s)
	}
	return out, errs
}

func newSubject(s *rbacv1.Subject, path *field.Path) (subject, field.ErrorList) {
	var errs field.ErrorList
	out := subject{kind: s.Kind}
	if !slices.Contains([]string{rbacv1.UserKind, rbacv1.GroupKind, rbacv1.ServiceAccountKind}, s.Kind) {
		errs = append(errs, field.NotSupported(path.Child("kind"), s.Kind, []string{rbacv1.UserKind, rbacv1.GroupKind, rbacv1.ServiceAccountKind}))
	}
	var err error
	if out.name, err = scalar.NewWildcard(s.Name); err != nil {
		errs = append(errs, field.Invalid(path.Child("name"), s.Name, err.Error()))
	}
	if s.Kind != rbacv1.ServiceAccountKind {
		return out, errs
	}
	if s.Namespace == "" {
		errs = append(errs, field.Required(path.Child("namespace"), "name the namespace of the ServiceAccount"))
	}
	if out.namespace, err = scalar.NewWildcard(s.Namespace); err != nil {
		errs = append(errs, field.Invalid(path.Child("namespace"), s.Namespace, err.Error()))
	}
	return out, errs
}

// match tells whether the user is meant. What is bound to him is asked for only when it decides.
func (u *users) match(user *eval.User, lookup eval.Lookup) (bool, error) {
	if len(u.subjects) > 0 && !slices.ContainsFunc(u.subjects, func(s subject) bool { return s.match(user) }) {
		return false, nil
	}
	if len(u.roles)+len(u.clusterRoles) == 0 {
		return true, nil
	}
	bound, err := lookup.RolesOf(user)
	if err != nil {
		return false, err
	}
	return (len(u.roles) == 0 || anyOf(u.roles, bound.Roles)) && (len(u.clusterRoles) == 0 || anyOf(u.clusterRoles, bound.ClusterRoles)), nil
}

func (s *subject) match(user *eval.User) bool {
	switch s.kind {
	case rbacv1.GroupKind:
		return slices.ContainsFunc(user.Groups, s.name.Match)
	case rbacv1.ServiceAccountKind:
		account, ok := strings.CutPrefix(user.Name, serviceAccountPrefix)
		namespace, name, found := strings.Cut(account, ":")
		return ok && found && s.namespace.Match(namespace) && s.name.Match(name)
	}
	return s.name.Match(user.Name)
}

// anyOf tells whether one of the wanted names is there. As in the reference there are no wildcards in them.
func anyOf(wanted, have []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(have, w) })
}
