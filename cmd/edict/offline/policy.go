package offline

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/apis/kyverno/validation"
	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// Policy is a policy that can be evaluated.
type Policy struct {
	Object   v1.Object
	Program  *engine.Program
	Document *manifest.Document
	// Warnings tell the author what the policy, though it is in order, does not do.
	Warnings []string
	// unsupported says of rules by name, autogen prefix and all, what is not evaluated yet.
	unsupported map[string]string
}

// RuleCount is the number of rules, those that autogen adds included.
func (p *Policy) RuleCount() int {
	return len(p.Object.PolicySpec().Rules) + len(p.Program.AutogenRules())
}

// Unsupported says which fields of the policy are not evaluated yet. The rules that they belong to give skips.
func (p *Policy) Unsupported() field.ErrorList { return p.Program.Unsupported() }

// Invalid is a policy, or an exception, that cannot be evaluated as it is.
type Invalid struct {
	Kind, Name string
	Document   *manifest.Document
	// Errors name file, line and column.
	Errors []error
}

// Policies are the policies and exceptions of a set of documents.
type Policies struct {
	Valid      []*Policy
	Exceptions []*Exception
	Invalid    []Invalid
	// Unsupported are documents whose kind is a policy that is not evaluated yet, each with what it is.
	Unsupported []Other
	// Others are documents that are no policies.
	Others []Other
}

// Exception is a PolicyException that can be applied.
type Exception struct {
	Object   *v2.PolicyException
	Compiled *engine.Exception
	Document *manifest.Document
}

// Other is a document that is not evaluated.
type Other struct {
	Document *manifest.Document
	Reason   string
}

func (o Other) String() string {
	d := o.Document
	what := strings.TrimSpace(d.Kind() + " " + d.Name())
	if what == "" {
		what = "a document without kind"
	}
	return fmt.Sprintf("%s:%d: %s: %s", d.File, d.Line, what, o.Reason)
}

// ReadPolicies takes from the documents what is a policy or an exception.
func ReadPolicies(documents []*manifest.Document) *Policies {
	p := &Policies{}
	for _, d := range documents {
		p.read(d)
	}
	return p
}

func (p *Policies) read(d *manifest.Document) {
	group, version, _ := strings.Cut(d.APIVersion(), "/")
	switch {
	case group == v1.GroupName && d.Kind() == "ClusterPolicy" && slices.Contains(policyVersions, version):
		p.readPolicy(d, &v1.ClusterPolicy{})
	case group == v1.GroupName && d.Kind() == "Policy" && slices.Contains(policyVersions, version):
		p.readPolicy(d, &v1.Policy{})
	case group == v1.GroupName && d.Kind() == "PolicyException" && slices.Contains(exceptionVersions, version):
		p.readException(d)
	case group == v1.GroupName && slices.Contains([]string{"ClusterPolicy", "Policy", "PolicyException"}, d.Kind()):
		err := fmt.Errorf("apiVersion: %s is no version of %s; write %s/v1, or %s/v2 for a PolicyException", d.APIVersion(), d.Kind(), group, group)
		p.Invalid = append(p.Invalid, Invalid{d.Kind(), d.Name(), d, []error{d.At("apiVersion", err)}})
	default:
		if reason, ok := notYet(group, d.Kind()); ok {
			p.Unsupported = append(p.Unsupported, Other{d, reason})
			return
		}
		p.Others = append(p.Others, Other{d, "not a policy"})
	}
}

var (
	policyVersions    = []string{"v1", "v2beta1"}
	exceptionVersions = []string{"v2", "v2beta1"}
)

// notYet tells of kinds that are policies, and what keeps them from being evaluated.
func notYet(group, kind string) (reason string, ok bool) {
	switch {
	case group == "policies.kyverno.io":
		return "policies of the group policies.kyverno.io are not evaluated yet", true
	case group == v1.GroupName && (kind == "CleanupPolicy" || kind == "ClusterCleanupPolicy"):
		return "cleanup policies are not evaluated yet", true
	case group == v1.GroupName && kind == "GlobalContextEntry":
		return "global context entries are not read yet; give their data as values", true
	case group == "admissionregistration.k8s.io" && slices.Contains([]string{
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
	}, kind):
		return "the API server's own admission policies are not evaluated yet", true
	}
	return "", false
}

func (p *Policies) readPolicy(d *manifest.Document, policy v1.Object) {
	if errs := d.Decode(policy); len(errs) > 0 {
		p.Invalid = append(p.Invalid, Invalid{d.Kind(), d.Name(), d, errs})
		return
	}
	errs := validate(policy)
	if _, version, _ := strings.Cut(d.APIVersion(), "/"); version == "v2beta1" {
		errs = append(errs, validation.ValidateV2beta1(policy.PolicySpec())...)
	}
	program, compileErrs := engine.Compile(policy)
	if errs = merged(errs, compileErrs); len(errs) > 0 {
		p.Invalid = append(p.Invalid, Invalid{d.Kind(), policy.GetName(), d, located(d, errs)})
		return
	}
	p.Valid = append(p.Valid, &Policy{
		Object: policy, Program: program, Document: d,
		Warnings:    append(validation.Warnings(policy), program.Warnings()...),
		unsupported: unsupportedRules(policy, program),
	})
}

// validate gives a namespaced policy the namespace that it would be created in.
func validate(policy v1.Object) field.ErrorList {
	switch policy := policy.(type) {
	case *v1.ClusterPolicy:
		return validation.ValidateClusterPolicy(policy)
	case *v1.Policy:
		if policy.Namespace == "" {
			policy.Namespace = defaultNamespace
		}
		return validation.ValidatePolicy(policy)
	}
	return nil
}

// merged adds to the errors of validation what compiling finds beyond them. Both look at the same fields, and one line
// about each is enough.
func merged(errs, more field.ErrorList) field.ErrorList {
	out := errs
	for _, err := range more {
		if !slices.ContainsFunc(errs, func(told *field.Error) bool { return told.Field == err.Field && told.Type == err.Type }) {
			out = append(out, err)
		}
	}
	return out
}

// located gives errors about fields their places in the file.
func located(d *manifest.Document, errs field.ErrorList) []error {
	out := make([]error, len(errs))
	for i, err := range errs {
		out[i] = d.At(err.Field, err)
	}
	return out
}

// unsupportedRules says of each rule that is not evaluated yet what it is, from the fields that its policy has.
func unsupportedRules(policy v1.Object, program *engine.Program) map[string]string {
	rules := map[string]string{}
	for _, err := range program.Unsupported() {
		for i, rule := range policy.PolicySpec().Rules {
			if strings.HasPrefix(err.Field, fmt.Sprintf("spec.rules[%d].", i)) {
				rules[rule.Name] = err.Detail
			}
		}
	}
	return rules
}

// unsupportedRule says what is not evaluated yet of a rule, or of the one that it was derived from.
func (p *Policy) unsupportedRule(name string) (what string, ok bool) {
	for _, prefix := range []string{"", "autogen-cronjob-", "autogen-"} {
		if original, found := strings.CutPrefix(name, prefix); found {
			if what, ok = p.unsupported[original]; ok {
				return what, true
			}
		}
	}
	return "", false
}

func (p *Policies) readException(d *manifest.Document) {
	exception := &v2.PolicyException{}
	if errs := d.Decode(exception); len(errs) > 0 {
		p.Invalid = append(p.Invalid, Invalid{d.Kind(), d.Name(), d, errs})
		return
	}
	compiled, errs := engine.CompileException(exception)
	if len(errs) > 0 {
		p.Invalid = append(p.Invalid, Invalid{d.Kind(), d.Name(), d, located(d, errs)})
		return
	}
	p.Exceptions = append(p.Exceptions, &Exception{Object: exception, Compiled: compiled, Document: d})
}
