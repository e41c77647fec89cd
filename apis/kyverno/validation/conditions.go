package validation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// conditionsField is a field that holds conditions: as any JSON, or typed.
type conditionsField struct {
	raw   *apiextensionsv1.JSON
	typed *kyvernov1.AnyAllConditions
	// sparse tells that a key or a value may be null or left out, which is what compares with a missing value.
	sparse bool
}

func (f conditionsField) decode() (conditions kyvernov1.AnyAllConditions, older bool, err error) {
	if f.typed != nil {
		return *f.typed, false, nil
	}
	return kyvernov1.DecodeConditions(f.raw)
}

// walkRuleConditions visits every field of a rule that holds conditions, however deep.
func walkRuleConditions(path *field.Path, rule *kyvernov1.Rule, visit func(*field.Path, conditionsField)) {
	raw := func(at *field.Path, json *apiextensionsv1.JSON) {
		if json != nil {
			visit(at, conditionsField{raw: json})
		}
	}
	deny := func(at *field.Path, deny *kyvernov1.Deny) {
		if deny != nil {
			raw(at.Child("deny", "conditions"), deny.Conditions)
		}
	}
	raw(path.Child("preconditions"), rule.Preconditions)
	if rule.Validate != nil {
		at := path.Child("validate")
		deny(at, rule.Validate.Deny)
		walkForEachValidation(at, rule.Validate.ForEach, func(at *field.Path, element *kyvernov1.ForEachValidation) {
			sparse := func(at *field.Path, json *apiextensionsv1.JSON) {
				if json != nil {
					visit(at, conditionsField{raw: json, sparse: true})
				}
			}
			sparse(at.Child("preconditions"), element.Preconditions)
			if element.Deny != nil {
				sparse(at.Child("deny", "conditions"), element.Deny.Conditions)
			}
		})
	}
	if rule.Mutate != nil {
		at := path.Child("mutate")
		for i, target := range rule.Mutate.Targets {
			raw(at.Child("targets").Index(i).Child("preconditions"), target.Preconditions)
		}
		walkForEachMutation(at, rule.Mutate.ForEach, func(at *field.Path, element *kyvernov1.ForEachMutation) {
			raw(at.Child("preconditions"), element.Preconditions)
		})
	}
	if rule.Generate != nil {
		for i, element := range rule.Generate.ForEach {
			raw(path.Child("generate", "foreach").Index(i).Child("preconditions"), element.Preconditions)
		}
	}
	for i, verification := range rule.VerifyImages {
		at := path.Child("verifyImages").Index(i)
		for j, attestation := range verification.Attestations {
			for k := range attestation.Conditions {
				visit(at.Child("attestations").Index(j).Child("conditions").Index(k), conditionsField{typed: &attestation.Conditions[k]})
			}
		}
		if verification.Validate != nil {
			deny(at.Child("validate"), verification.Validate.Deny)
		}
	}
}

func walkForEachValidation(path *field.Path, elements []kyvernov1.ForEachValidation, visit func(*field.Path, *kyvernov1.ForEachValidation)) {
	for i := range elements {
		at := path.Child("foreach").Index(i)
		visit(at, &elements[i])
		walkForEachValidation(at, elements[i].ForEach, visit)
	}
}

func walkForEachMutation(path *field.Path, elements []kyvernov1.ForEachMutation, visit func(*field.Path, *kyvernov1.ForEachMutation)) {
	for i := range elements {
		at := path.Child("foreach").Index(i)
		visit(at, &elements[i])
		walkForEachMutation(at, elements[i].ForEach, visit)
	}
}

// exceptionOperators are those that a condition of an exception may have, and operators those of a policy, in the order in
// which they are listed to users.
var (
	exceptionOperators = []kyvernov1.ConditionOperator{
		kyvernov1.Equals, kyvernov1.NotEquals, kyvernov1.Equal, kyvernov1.NotEqual,
		kyvernov1.AnyIn, kyvernov1.AllIn, kyvernov1.AnyNotIn, kyvernov1.AllNotIn,
		kyvernov1.GreaterThan, kyvernov1.GreaterThanOrEquals, kyvernov1.LessThan, kyvernov1.LessThanOrEquals,
		kyvernov1.DurationGreaterThan, kyvernov1.DurationGreaterThanOrEquals, kyvernov1.DurationLessThan, kyvernov1.DurationLessThanOrEquals,
	}
	operators = append(slices.Clone(exceptionOperators), kyvernov1.In, kyvernov1.NotIn)
)

func checkConditions(path *field.Path, f conditionsField, operators []kyvernov1.ConditionOperator) field.ErrorList {
	conditions, older, err := f.decode()
	if err != nil {
		return field.ErrorList{field.Invalid(path, string(f.raw.Raw),
			fmt.Sprintf("write an object with any and all, each a list of conditions with key, operator, value and message: %v", err))}
	}
	var errs field.ErrorList
	walkConditions(path, conditions, older, func(at *field.Path, condition *kyvernov1.Condition) {
		if condition.Key == nil && !f.sparse {
			errs = append(errs, field.Required(at.Child("key"), "say which value is looked at"))
		}
		if condition.Value == nil && !f.sparse {
			errs = append(errs, field.Required(at.Child("value"), "say with which value it is compared"))
		}
		if condition.Operator == "" {
			errs = append(errs, field.Required(at.Child("operator"), "say how key and value are compared, such as Equals"))
		}
		errs = append(errs, oneOfValues(at.Child("operator"), condition.Operator, operators...)...)
		errs = append(errs, checkOperationValues(at, condition)...)
	})
	return errs
}

func walkConditions(path *field.Path, conditions kyvernov1.AnyAllConditions, older bool, visit func(*field.Path, *kyvernov1.Condition)) {
	all := path.Child("all")
	if older {
		all = path
	}
	for i := range conditions.Any {
		visit(path.Child("any").Index(i), &conditions.Any[i])
	}
	for i := range conditions.All {
		visit(all.Index(i), &conditions.All[i])
	}
}

var (
	operationVariable = regexp.MustCompile(`^\{\{\s*request\.operation\s*\}\}$`)
	operations        = sets.New("CREATE", "UPDATE", "DELETE", "CONNECT")
)

// checkOperationValues refuses a comparison of the request's operation with something that no operation can be, which
// would silently never, or always, hold.
func checkOperationValues(path *field.Path, condition *kyvernov1.Condition) field.ErrorList {
	var key string
	if condition.Key == nil || condition.Value == nil || json.Unmarshal(condition.Key.Raw, &key) != nil || !operationVariable.MatchString(key) {
		return nil
	}
	var values []string
	single := json.Unmarshal(condition.Value.Raw, &values) != nil
	if single {
		values = make([]string, 1)
		if json.Unmarshal(condition.Value.Raw, &values[0]) != nil {
			return nil
		}
	}
	var errs field.ErrorList
	for i, value := range values {
		if operations.Has(value) || strings.ContainsAny(value, "{*?") {
			continue
		}
		at := path.Child("value")
		if !single {
			at = at.Index(i)
		}
		errs = append(errs, field.NotSupported(at, value, sets.List(operations)))
	}
	return errs
}
