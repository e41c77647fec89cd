package validation

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
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

// checkEmptySet refuses an exclude that takes away all that a match, or one filter of it, fits.
func checkEmptySet(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	match, exclude := &rule.Match, rule.Exclude
	if exclude == nil {
		return nil
	}
	const advice = "Rule is matching an empty set, for all that this fits is excluded: remove it, or narrow exclude"
	for i := range match.Any {
		if !isEmptyFilter(&match.Any[i]) && slices.ContainsFunc(exclude.Any, func(excluded kyvernov1.ResourceFilter) bool {
			return apiequality.Semantic.DeepEqual(match.Any[i], excluded)
		}) {
			return field.ErrorList{field.Forbidden(path.Child("match", "any").Index(i), advice)}
		}
	}
	older := len(match.Any)+len(match.All)+len(exclude.Any)+len(exclude.All) == 0 && !isEmptyFilter(&exclude.ResourceFilter)
	if older && covers(&exclude.ResourceFilter, &match.ResourceFilter) {
		return field.ErrorList{field.Forbidden(path.Child("match"), advice)}
	}
	return nil
}

// covers tells whether a filter fits all that another one fits, as far as that can be told without wildcards.
func covers(filter, other *kyvernov1.ResourceFilter) bool {
	all := func(list, others []string) bool {
		return len(list) == 0 || len(others) > 0 && sets.New(list...).HasAll(others...)
	}
	var resources, others kyvernov1.ResourceDescription
	if filter.Resources != nil {
		resources = *filter.Resources
	}
	if other.Resources != nil {
		others = *other.Resources
	}
	return all(filter.Roles, other.Roles) && all(filter.ClusterRoles, other.ClusterRoles) &&
		(len(filter.Subjects) == 0 || apiequality.Semantic.DeepEqual(filter.Subjects, other.Subjects)) &&
		all(resources.Kinds, others.Kinds) && all(resources.Names, others.Names) && all(resources.Namespaces, others.Namespaces) &&
		(resources.Name == "" || resources.Name == others.Name) &&
		(len(resources.Operations) == 0 || apiequality.Semantic.DeepEqual(resources.Operations, others.Operations)) &&
		(len(resources.Annotations) == 0 || apiequality.Semantic.DeepEqual(resources.Annotations, others.Annotations)) &&
		(resources.Selector == nil || apiequality.Semantic.DeepEqual(resources.Selector, others.Selector)) &&
		(resources.NamespaceSelector == nil || apiequality.Semantic.DeepEqual(resources.NamespaceSelector, others.NamespaceSelector))
}

// checkEveryKind refuses rule types that cannot be on every kind there is.
func checkEveryKind(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	var errs field.ErrorList
	types := []choice{
		{"generate", rule.Generate != nil},
		{"verifyImages", len(rule.VerifyImages) > 0},
		{"foreach", rule.Validate != nil && len(rule.Validate.ForEach) > 0},
	}
	walkFilters(path.Child("match"), &rule.Match, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if filter.Resources == nil {
			return
		}
		for i, kind := range filter.Resources.Kinds {
			for _, other := range types {
				if kind == "*" && other.set {
					errs = append(errs, field.Invalid(at.Child("resources", "kinds").Index(i), kind,
						"wildcard policy does not support rule type "+other.name+": name kinds"))
				}
			}
		}
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
