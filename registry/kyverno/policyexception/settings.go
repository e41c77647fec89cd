package policyexception

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// EveryNamespace as Settings.Namespace has the exceptions of all namespaces applied.
const EveryNamespace = "*"

// Settings say which exceptions are applied. The zero value applies none: whoever may write exceptions somewhere could
// otherwise exempt himself from the policies of the cluster.
type Settings struct {
	// Enabled has exceptions applied at all.
	Enabled bool
	// Namespace is the only one whose exceptions are applied, or EveryNamespace. Empty is none.
	Namespace string
}

// Applies tells whether the exceptions of a namespace are applied.
func (s Settings) Applies(namespace string) bool {
	return s.Enabled && s.Namespace != "" && (s.Namespace == EveryNamespace || s.Namespace == namespace)
}

// The reasons of a condition Ready that is false.
const (
	reasonDisabled         = "Disabled"
	reasonNoNamespace      = "NamespaceNotSet"
	reasonAnotherNamespace = "NamespaceNotAllowed"
)

// refusal is why the exceptions of a namespace are not applied: a reason for machines, a sentence, and the warning that
// people know, which they compare.
type refusal struct{ reason, message, warning string }

// refuses is nil when the exceptions of the namespace are applied.
func (s Settings) refuses(namespace string) *refusal {
	switch {
	case s.Applies(namespace):
		return nil
	case !s.Enabled:
		return &refusal{reasonDisabled,
			"No exceptions are applied: edict-server runs without --enable-policy-exception.",
			"PolicyException resources would not be processed until it is enabled."}
	case s.Namespace == "":
		return &refusal{reasonNoNamespace,
			"No exceptions are applied: --exception-namespace of edict-server is empty. It names the namespace whose exceptions are applied, or * for all.",
			"The exceptionNamespace flag is not set"}
	default:
		return &refusal{reasonAnotherNamespace,
			fmt.Sprintf("Exceptions of the namespace %s are not applied: edict-server applies those of --exception-namespace, %s.", namespace, s.Namespace),
			"PolicyException resource namespace must match the defined namespace."}
	}
}

// teller tells with every exception that is read whether it is applied.
type teller struct {
	settings Settings
	// since is when the settings came into force.
	since time.Time
}

// tell writes the status of an exception, or of each in a list. The object is the reader's own.
func (t teller) tell(obj runtime.Object) {
	switch obj := obj.(type) {
	case *kyvernov2.PolicyException:
		obj.Status = t.status(obj)
	case *kyvernov2.PolicyExceptionList:
		for i := range obj.Items {
			obj.Items[i].Status = t.status(&obj.Items[i])
		}
	}
}

func (t teller) status(exception *kyvernov2.PolicyException) kyvernov2.PolicyExceptionStatus {
	if exception.Name == "" {
		return kyvernov2.PolicyExceptionStatus{} // a bookmark, which is no exception
	}
	since := metav1.NewTime(t.since)
	if since.Before(&exception.CreationTimestamp) {
		since = exception.CreationTimestamp
	}
	condition := metav1.Condition{
		Type: kyvernov1.ConditionReady, Status: metav1.ConditionTrue, Reason: kyvernov1.ReasonSucceeded,
		Message: "The exception is applied.", LastTransitionTime: since, ObservedGeneration: exception.Generation,
	}
	if refusal := t.settings.refuses(exception.Namespace); refusal != nil {
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, refusal.reason, refusal.message
	}
	return kyvernov2.PolicyExceptionStatus{Conditions: []metav1.Condition{condition}}
}
