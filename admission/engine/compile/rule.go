package compile

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/condition"
	"github.com/edict-dev/edict/admission/engine/demand"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/imageref"
	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/match"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// Rule is a compiled rule.
type Rule struct {
	Name string
	// Matcher is nil when match did not compile; the rule then answers every request with its error.
	Matcher       *match.Matcher
	Context       *variable.Context
	Preconditions *condition.Conditions
	// Demand is nil when Broken is not empty.
	Demand demand.Demand
	// Broken is why the rule cannot be evaluated.
	Broken string
	Action Actions
	// ToleratesExisting tells that an update of what violated the rule before may leave it as it is.
	ToleratesExisting bool
	Images            *imageref.Extractors
	Properties        Properties
	// kinds, if any, are those that the rule is asked about, and setAside those that it is not, whatever it matches:
	// names without group and version.
	kinds, setAside []string
}

// Static tells that there are no variables in the rule.
func (r *Rule) Static() bool {
	return r.Context == nil && r.Preconditions == nil && len(r.Properties.templates) == 0 && r.Demand.Static()
}

// Judges tells whether the rule is asked about objects of a kind, if it matches them.
func (r *Rule) Judges(kind string) bool {
	return (len(r.kinds) == 0 || slices.Contains(r.kinds, kind)) && !slices.Contains(r.setAside, kind)
}

// policyParts are what the rules of a policy share.
type policyParts struct {
	ref       eval.PolicyRef
	spec      *v1.Spec
	overrides []override
}

func newRule(r *v1.Rule, p policyParts, path *field.Path) (Rule, field.ErrorList) {
	// Until it is known what the rule says, its errors weigh in full.
	out := Rule{Name: r.Name, Action: Actions{otherwise: eval.Enforce}}
	var errs, partErrs field.ErrorList
	out.Matcher, errs = match.New(&r.Match, r.Exclude, p.ref.Namespace, path)
	out.Properties, partErrs = newProperties(r.ReportProperties, path.Child("reportProperties"))
	errs = append(errs, partErrs...)
	out.Context, partErrs = variable.CompileContext(r.Context, p.ref, path.Child("context"))
	errs = append(errs, partErrs...)
	out.Preconditions, partErrs = condition.Compile(r.Preconditions, path.Child("preconditions"))
	errs = append(errs, partErrs...)
	out.Images, partErrs = imageref.CompileExtractors(r.ImageExtractors, compileQuery, path.Child("imageExtractors"))
	errs = append(errs, partErrs...)
	errs = append(errs, checkCEL(r, path)...)
	errs = append(errs, checkNames(r, p.spec, path)...)
	if r.Validate == nil {
		out.Demand = demand.Unsupported(otherType(r))
		if otherType(r) == "" {
			errs = append(errs, field.Required(path.Child("validate"), "a rule needs one of mutate, validate, generate and verifyImages"))
		}
		return out, errs
	}
	out.Demand, partErrs = demand.New(r, p.ref, path)
	errs = append(errs, partErrs...)
	errs = append(errs, checkKinds(r, p.spec, out.Demand, path)...)
	out.Action, partErrs = newActions(r.Validate, p.spec, p.overrides, path.Child("validate"))
	out.ToleratesExisting = r.Validate.ToleratesExistingViolations() && out.Action.otherwise == eval.Enforce
	return out, append(errs, partErrs...)
}

// compileQuery compiles what an image extractor makes of a value that it found.
func compileQuery(expression string) (imageref.Query, error) {
	compiled, err := jmespath.Compile(expression)
	if err != nil {
		return nil, err
	}
	return func(value any) (any, error) { return compiled.Evaluate(value, nil) }, nil
}

// otherType is the type of a rule that is not evaluated yet, or nothing.
func otherType(r *v1.Rule) string {
	switch {
	case r.Mutate != nil:
		return "mutate"
	case r.Generate != nil:
		return "generate"
	case len(r.VerifyImages) > 0:
		return "verifyImages"
	case r.Validate != nil && r.Validate.Manifests != nil:
		return "validate.manifests"
	}
	return ""
}

// checkCEL sees to it that CEL is not mixed with what it cannot see.
func checkCEL(r *v1.Rule, path *field.Path) field.ErrorList {
	hasCEL := r.Validate != nil && r.Validate.CEL != nil
	switch {
	case hasCEL && len(r.Context) > 0:
		return field.ErrorList{field.Forbidden(path.Child("context"), "expressions of CEL do not see context entries: use validate.cel.variables and paramKind")}
	case !hasCEL && len(r.CELPreconditions) > 0:
		return field.ErrorList{field.Forbidden(path.Child("celPreconditions"), "they belong to validate.cel: use preconditions")}
	}
	return nil
}

// Properties are what a rule adds to its results.
type Properties struct {
	// static are all of them when there is nothing to substitute.
	static    map[string]string
	templates map[string]*variable.Template
}

func newProperties(written map[string]string, path *field.Path) (Properties, field.ErrorList) {
	p := Properties{static: maps.Clone(written)}
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(written)) {
		template, templateErrs := variable.Compile(written[key], path.Key(key))
		errs = append(errs, templateErrs...)
		if len(templateErrs) > 0 || template.Static() {
			continue
		}
		if p.templates == nil {
			p.templates = map[string]*variable.Template{}
		}
		p.templates[key] = template
	}
	return p, errs
}

// In returns the properties of one evaluation, shared where nothing is substituted in them. What cannot be resolved
// stays as it is written: a property decides nothing.
func (p *Properties) In(s *variable.Scope) map[string]string {
	if len(p.templates) == 0 {
		return p.static
	}
	out := maps.Clone(p.static)
	for key, template := range p.templates {
		if text, err := template.Text(s); err == nil {
			out[key] = text
		}
	}
	return out
}
