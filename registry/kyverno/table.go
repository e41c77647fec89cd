package kyverno

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/registry/table"
)

// columns show effective values: what holds when a policy says nothing is nowhere else to be seen.
var columns = table.Columns[kyvernov1.Object]{
	{Name: "Admission", Type: table.Boolean, Description: "Whether requests are judged by the policy.",
		Value: func(p kyvernov1.Object) any { return p.PolicySpec().AdmissionEnabled() }},
	{Name: "Background", Type: table.Boolean, Description: "Whether what exists is judged by the policy.",
		Value: func(p kyvernov1.Object) any { return p.PolicySpec().BackgroundEnabled() }},
	{Name: "Ready", Type: table.String, Description: "Whether the policy is in force.",
		Value: func(p kyvernov1.Object) any { return string(ready(p).Status) }},
	table.Age[kyvernov1.Object](),
	{Name: "Failure Policy", Type: table.String, Wide: true, Description: "What happens to requests that cannot be judged.",
		Value: func(p kyvernov1.Object) any { return string(p.PolicySpec().EffectiveFailurePolicy()) }},
	ruleCount("Validate", func(c kyvernov1.RuleCount) int32 { return c.Validate }),
	ruleCount("Mutate", func(c kyvernov1.RuleCount) int32 { return c.Mutate }),
	ruleCount("Generate", func(c kyvernov1.RuleCount) int32 { return c.Generate }),
	ruleCount("Verify Images", func(c kyvernov1.RuleCount) int32 { return c.VerifyImages }),
	{Name: "Message", Type: table.String, Description: "Why the policy is in force or not.",
		Value: func(p kyvernov1.Object) any { return ready(p).Message }},
}

func ready(policy kyvernov1.Object) metav1.Condition {
	condition := meta.FindStatusCondition(policy.PolicyStatus().Conditions, kyvernov1.ConditionReady)
	if condition == nil {
		return metav1.Condition{}
	}
	return *condition
}

func ruleCount(name string, count func(kyvernov1.RuleCount) int32) table.Column[kyvernov1.Object] {
	return table.Column[kyvernov1.Object]{
		Name: name, Type: table.Integer, Wide: true, Description: "How many rules of this type the policy has.",
		Value: func(p kyvernov1.Object) any { return int64(count(p.PolicySpec().CountRules())) },
	}
}
