package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	"github.com/edict-dev/edict/admission/engine"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	// schemasFreshFor is how long the schema of a kind is believed without asking again.
	schemasFreshFor = time.Minute
	// maxSchemas bounds how many schemas are held.
	maxSchemas = 64
)

// autogenAnnotation says for which controllers of Pods rules are derived.
const autogenAnnotation = "pod-policies.kyverno.io/autogen-controllers"

// typeWarnings warns of CEL expressions that speak of fields that the kinds of their rule do not have.
func (c *cluster) typeWarnings(ctx context.Context, policy kyvernov1.Object) []string {
	var rules []celRule
	for i, rule := range policy.PolicySpec().Rules {
		if rule.Validate == nil || rule.Validate.CEL == nil {
			continue
		}
		// The rule alone: those that are derived of it are about other kinds.
		alone := policy.DeepCopyObject().(kyvernov1.Object)
		alone.PolicySpec().Rules = []kyvernov1.Rule{rule}
		alone.SetAnnotations(map[string]string{autogenAnnotation: "none"})
		program, _ := engine.Compile(alone)
		if found := c.served(ctx, program).Found; len(found) > 0 {
			rules = append(rules, celRule{
				path: field.NewPath("spec", "rules").Index(i).Child("validate", "cel", "expressions"),
				cel:  rule.Validate.CEL, kinds: found,
			})
		}
	}
	if len(rules) == 0 {
		return nil
	}
	return c.types.check(ctx, rules)
}

// celRule is a rule with the kinds that its expressions find as object.
type celRule struct {
	path  *field.Path
	cel   *kyvernov1.CEL
	kinds []webhookconfig.Resource
}

// celTypes compares expressions with the schemas of the cluster. It answers in time or not at all.
type celTypes struct {
	schemas resolver.SchemaResolver
	// turn is held by the one check that runs: schemas are large.
	turn chan struct{}
}

func newCELTypes(client discovery.DiscoveryInterface) *celTypes {
	return &celTypes{schemas: &schemaCache{asked: &resolver.ClientDiscoveryResolver{Discovery: client}}, turn: make(chan struct{}, 1)}
}

func (t *celTypes) check(ctx context.Context, rules []celRule) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	answer := make(chan []string, 1)
	go func() {
		defer func() { <-t.turn }()
		var warnings []string
		for _, rule := range rules {
			warnings = append(warnings, t.warnings(rule)...)
		}
		answer <- warnings
	}()
	select {
	case warnings := <-answer:
		return warnings
	case <-ctx.Done():
		return nil
	}
}

func (t *celTypes) warnings(rule celRule) []string {
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionregistrationv1.MatchResources{},
		ParamKind:        rule.cel.ParamKind,
		Variables:        rule.cel.Variables,
	}}
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range rule.kinds {
		version := kind.GroupVersion()
		mapper.AddSpecific(version.WithKind(kind.Kind), kind.GroupVersionResource, kind.GroupVersionResource, meta.RESTScopeRoot)
		policy.Spec.MatchConstraints.ResourceRules = append(policy.Spec.MatchConstraints.ResourceRules, admissionregistrationv1.NamedRuleWithOperations{
			RuleWithOperations: admissionregistrationv1.RuleWithOperations{Rule: admissionregistrationv1.Rule{
				APIGroups: []string{kind.Group}, APIVersions: []string{kind.Version}, Resources: []string{kind.Resource},
			}},
		})
	}
	checker := &validating.TypeChecker{SchemaResolver: t.schemas, RestMapper: mapper}
	types := checker.CreateContext(policy)
	var warnings []string
	for i, expression := range rule.cel.Expressions {
		if found := checker.CheckExpression(types, expression.Expression).String(); found != "" {
			// A warning is one line; suites compare how the lines are joined.
			warnings = append(warnings, fmt.Sprintf("%s: %s", rule.path.Index(i).Child("expression"), strings.ReplaceAll(found, "\n", ";")))
		}
	}
	return warnings
}

// schemaCache keeps the schemas of kinds for a while. Only one check at a time asks it.
type schemaCache struct {
	asked   resolver.SchemaResolver
	schemas map[schema.GroupVersionKind]cachedSchema
}

type cachedSchema struct {
	schema *spec.Schema
	until  time.Time
}

// ResolveSchema implements resolver.SchemaResolver.
func (s *schemaCache) ResolveSchema(kind schema.GroupVersionKind) (*spec.Schema, error) {
	if cached, ok := s.schemas[kind]; ok && time.Now().Before(cached.until) {
		return cached.schema, nil
	}
	resolved, err := s.asked.ResolveSchema(kind)
	if err != nil {
		return nil, err
	}
	if s.schemas == nil || len(s.schemas) >= maxSchemas {
		s.schemas = map[schema.GroupVersionKind]cachedSchema{}
	}
	s.schemas[kind] = cachedSchema{schema: resolved, until: time.Now().Add(schemasFreshFor)}
	return resolved, nil
}
