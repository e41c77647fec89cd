package validation

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func (c *checker) checkMatch(path *field.Path, match *kyvernov1.MatchResources) field.ErrorList {
	errs := checkForms(path, match)
	if len(match.Any) == 0 && len(match.All) == 0 && isEmptyFilter(&match.ResourceFilter) {
		return append(errs, field.Required(path, "match cannot be empty: say under any which kinds the rule concerns"))
	}
	walkFilters(path, match, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if filter.Resources == nil || len(filter.Resources.Kinds) == 0 {
			errs = append(errs, field.Required(at.Child("resources", "kinds"), "say which kinds the rule concerns, such as Pod"))
		}
		errs = append(errs, c.checkFilter(at, filter)...)
	})
	return errs
}

func (c *checker) checkExclude(path *field.Path, exclude *kyvernov1.MatchResources) field.ErrorList {
	if exclude == nil {
		return nil
	}
	errs := checkForms(path, exclude)
	walkFilters(path, exclude, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		errs = append(errs, c.checkFilter(at, filter)...)
	})
	return errs
}

// checkForms refuses more than one of the three forms of match, of which all but one would be ignored.
func checkForms(path *field.Path, match *kyvernov1.MatchResources) field.ErrorList {
	const advice = "move the filters under one of them"
	errs := atMostOne(path, []choice{{"any", len(match.Any) > 0}, {"all", len(match.All) > 0}}, advice)
	newer := "any"
	if len(match.Any) == 0 {
		newer = "all"
	}
	if len(match.Any) > 0 || len(match.All) > 0 {
		for _, older := range []choice{
			{"resources", match.Resources != nil},
			{"subjects", len(match.Subjects) > 0},
			{"roles", len(match.Roles) > 0},
			{"clusterRoles", len(match.ClusterRoles) > 0},
		} {
			if older.set {
				errs = append(errs, field.Forbidden(path.Child(older.name), "cannot be combined with "+newer+": move it into a filter under "+newer))
			}
		}
	}
	return errs
}

// walkFilters visits every filter, of whichever form. The older form is visited when it says something.
func walkFilters(path *field.Path, match *kyvernov1.MatchResources, visit func(*field.Path, *kyvernov1.ResourceFilter)) {
	for i := range match.Any {
		visit(path.Child("any").Index(i), &match.Any[i])
	}
	for i := range match.All {
		visit(path.Child("all").Index(i), &match.All[i])
	}
	if !isEmptyFilter(&match.ResourceFilter) {
		visit(path, &match.ResourceFilter)
	}
}

func isEmptyFilter(filter *kyvernov1.ResourceFilter) bool {
	return isEmptyDescription(filter.Resources) && !hasUserInfo(&filter.UserInfo)
}

func isEmptyDescription(resources *kyvernov1.ResourceDescription) bool {
	return resources == nil || len(resources.Kinds) == 0 && resources.Name == "" && len(resources.Names) == 0 &&
		len(resources.Namespaces) == 0 && len(resources.Annotations) == 0 && resources.Selector == nil &&
		resources.NamespaceSelector == nil && len(resources.Operations) == 0
}

func hasUserInfo(user *kyvernov1.UserInfo) bool {
	return len(user.Roles) > 0 || len(user.ClusterRoles) > 0 || len(user.Subjects) > 0
}

func (c *checker) checkFilter(path *field.Path, filter *kyvernov1.ResourceFilter) field.ErrorList {
	errs := c.checkUserInfo(path, &filter.UserInfo)
	if filter.Resources == nil {
		return errs
	}
	resources, path := filter.Resources, path.Child("resources")
	if resources.Name != "" && len(resources.Names) > 0 {
		errs = append(errs, field.Forbidden(path.Child("name"), "cannot be combined with names: add it to names"))
	}
	if c.namespaced && len(resources.Namespaces) > 0 {
		errs = append(errs, field.Forbidden(path.Child("namespaces"), "a Policy concerns its own namespace only: remove it, or write a ClusterPolicy"))
	}
	for i, kind := range resources.Kinds {
		if strings.TrimSpace(kind) == "" {
			errs = append(errs, field.Required(path.Child("kinds").Index(i), "name a kind, such as Pod or apps/v1/Deployment"))
		}
	}
	for i, operation := range resources.Operations {
		at := path.Child("operations").Index(i)
		if operation == "" {
			errs = append(errs, field.Required(at, "name an operation, such as CREATE"))
		}
		errs = append(errs, oneOfValues(at, operation, kyvernov1.Create, kyvernov1.Update, kyvernov1.Connect, kyvernov1.Delete)...)
	}
	errs = append(errs, checkSelector(path.Child("selector"), resources.Selector)...)
	return append(errs, checkLabels(path.Child("namespaceSelector"), resources.NamespaceSelector)...)
}

func (c *checker) checkUserInfo(path *field.Path, user *kyvernov1.UserInfo) field.ErrorList {
	var errs field.ErrorList
	if c.spec.BackgroundEnabled() {
		for _, list := range []choice{
			{"roles", len(user.Roles) > 0},
			{"clusterRoles", len(user.ClusterRoles) > 0},
			{"subjects", len(user.Subjects) > 0},
		} {
			if list.set {
				errs = append(errs, field.Forbidden(path.Child(list.name),
					"a background scan has no user to compare with: set spec.background to false, or remove it"))
			}
		}
	}
	for i, role := range user.Roles {
		namespace, name, found := strings.Cut(role, ":")
		if !found || namespace == "" || name == "" {
			errs = append(errs, field.Invalid(path.Child("roles").Index(i), role, "write the role as namespace:name"))
		}
	}
	for i, subject := range user.Subjects {
		at := path.Child("subjects").Index(i)
		if subject.Kind == "" {
			errs = append(errs, field.Required(at.Child("kind"), "say User, Group or ServiceAccount"))
		}
		errs = append(errs, oneOfValues(at.Child("kind"), subject.Kind, rbacv1.UserKind, rbacv1.GroupKind, rbacv1.ServiceAccountKind)...)
		if subject.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "name the subject; wildcards are allowed"))
		}
		if subject.Kind == rbacv1.ServiceAccountKind && subject.Namespace == "" {
			errs = append(errs, field.Required(at.Child("namespace"), "name the namespace of the service account; wildcards are allowed"))
		}
	}
	return errs
}

// checkSelector checks a label selector that must demand something.
func checkSelector(path *field.Path, selector *metav1.LabelSelector) field.ErrorList {
	if selector == nil {
		return nil
	}
	if len(selector.MatchLabels) == 0 && len(selector.MatchExpressions) == 0 {
		return field.ErrorList{field.Required(path, "the selector has no requirements: add matchLabels or matchExpressions, or remove it")}
	}
	return checkLabels(path, selector)
}

// checkLabels checks what a label selector demands, whose keys and values may have wildcards. One that demands nothing
// fits everything.
func checkLabels(path *field.Path, selector *metav1.LabelSelector) field.ErrorList {
	if selector == nil {
		return nil
	}
	plain := selector.DeepCopy()
	plain.MatchLabels = make(map[string]string, len(selector.MatchLabels))
	for key, value := range selector.MatchLabels {
		plain.MatchLabels[withoutWildcards.Replace(key)] = withoutWildcards.Replace(value)
	}
	return metav1validation.ValidateLabelSelector(plain, metav1validation.LabelSelectorValidationOptions{}, path)
}

// withoutWildcards puts a character that labels may have in the place of wildcards, so that the rest can be checked.
var withoutWildcards = strings.NewReplacer("*", "0", "?", "0")
