package podsecurity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Check judges Pods by one level and version of the standards. It is immutable.
type Check struct {
	rule       string
	level      string
	version    string
	checks     []check
	exclusions *Exclusions
}

// check is a check of the standards as one version has it.
type check struct {
	id  policy.CheckID
	pod policy.CheckPodFn
	locator
}

// find lists the fields that violate the check, given that it is violated.
func (c *check) find(p *pod) []violation {
	if c.locator.find == nil {
		return nil
	}
	return c.locator.find(p, probe{c.pod})
}

// failure is a check that a Pod violates.
type failure struct {
	check          *check
	reason, detail string
	// violations are empty when it cannot be told where the check is violated.
	violations []violation
}

// Verdict is what a check says: pass, fail, skip or error. It is skip when nothing but what exceptions exclude is
// violated; the message is then empty, since whoever knows the exceptions names them.
type Verdict struct {
	Result     eval.Result
	Message    string
	Properties map[string]string
}

// Compile compiles what a rule demands.
func Compile(rule string, ps *v1.PodSecurity, path *field.Path) (*Check, field.ErrorList) {
	var errs field.ErrorList
	c := &Check{rule: rule, level: string(ps.Level), version: cmp.Or(ps.Version, "latest")}
	level, err := api.ParseLevel(c.level)
	if err != nil {
		errs = append(errs, field.NotSupported(path.Child("level"), ps.Level, []v1.PodSecurityLevel{v1.Privileged, v1.Baseline, v1.Restricted}))
	}
	version, err := api.ParseVersion(c.version)
	if err != nil {
		errs = append(errs, field.Invalid(path.Child("version"), ps.Version, "say latest, or a version such as v1.31"))
	}
	var exclusionErrs field.ErrorList
	c.exclusions, exclusionErrs = compileExclusions(ps.Exclude, ps.Level, path.Child("exclude"))
	if errs = append(errs, exclusionErrs...); len(errs) > 0 {
		return nil, errs
	}
	c.checks = checksOf(level, version)
	return c, nil
}

// checksOf are the checks of a level in a version, sorted by identity. Those of baseline count at the level restricted
// even where a stricter one comes with it, so that an exclusion of the stricter one leaves them in force.
func checksOf(level api.Level, version api.Version) []check {
	if level == api.LevelPrivileged {
		return nil
	}
	byID := map[policy.CheckID]check{}
	for _, c := range policy.DefaultChecks() {
		if level == api.LevelBaseline && c.Level != api.LevelBaseline {
			continue
		}
		for _, versioned := range slices.Backward(c.Versions) {
			if !version.Older(versioned.MinimumVersion) {
				byID[c.ID] = check{id: c.ID, pod: versioned.CheckPod, locator: locators[c.ID]}
				break
			}
		}
	}
	for id, c := range byID {
		if c.replaces != "" {
			delete(byID, id)
			c.id = c.replaces
			byID[c.replaces] = c
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b check) int { return cmp.Compare(a.id, b.id) })
}

// Evaluate judges an object of a kind that is a Pod or makes Pods. Lowered are exclusions of exceptions, which apply to
// what the rule's own have left.
func (c *Check) Evaluate(object eval.Object, kind schema.GroupVersionKind, lowered []*Exclusions) Verdict {
	p, failures, err := c.failures(object, kind)
	if err != nil {
		return Verdict{Result: eval.Error, Message: "Error while getting new resource: " + err.Error()}
	}
	if len(failures) == 0 {
		return Verdict{Result: eval.Pass, Message: fmt.Sprintf("Validation rule '%s' passed.", c.rule)}
	}
	if failures = lower(failures, lowered, p); len(failures) == 0 {
		return Verdict{Result: eval.Skip}
	}
	return Verdict{Result: eval.Fail, Message: c.explain(failures, p), Properties: c.properties(failures)}
}

// Violations names each single thing in an object that is wrong, the same thing by the same name wherever its container
// stands. It is empty when the object is no Pod.
func (c *Check) Violations(object eval.Object, kind schema.GroupVersionKind, lowered []*Exclusions) []string {
	p, failures, err := c.failures(object, kind)
	if err != nil {
		return nil
	}
	var all []string
	for _, f := range lower(failures, lowered, p) {
		if len(f.violations) == 0 {
			all = append(all, string(f.check.id)+"|"+f.detail)
		}
		for i := range f.violations {
			all = append(all, f.violations[i].identity(string(f.check.id)))
		}
	}
	return all
}

// failures are those that the rule's own exclusions leave.
func (c *Check) failures(object eval.Object, kind schema.GroupVersionKind) (*pod, []failure, error) {
	p, err := newPod(object, kind.Kind)
	if err != nil {
		return nil, nil, err
	}
	var failures []failure
	for i := range c.checks {
		check := &c.checks[i]
		result := check.pod(&p.metadata, &p.spec)
		if !result.Allowed {
			failures = append(failures, failure{check: check, reason: result.ForbiddenReason, detail: result.ForbiddenDetail, violations: check.find(p)})
		}
	}
	return p, c.exclusions.apply(failures, p), nil
}

func lower(failures []failure, lowered []*Exclusions, p *pod) []failure {
	for _, x := range lowered {
		failures = x.apply(failures, p)
	}
	return failures
}
