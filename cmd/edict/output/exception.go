package output

import (
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// ttlLabel tells the server when to remove an object.
const ttlLabel = "cleanup.kyverno.io/ttl"

// GeneratedExceptions writes a PolicyException for each rule and resource that failed, in the namespace of the resource.
func (r *Run) GeneratedExceptions(w io.Writer, ttl time.Duration) error {
	for i := range r.Judgements {
		j := &r.Judgements[i]
		if j.Result != eval.Fail {
			continue
		}
		filter := kyvernov1.ResourceFilter{Resources: &kyvernov1.ResourceDescription{
			Kinds: []string{j.Resource.Kind.Kind}, Names: []string{j.Resource.Name},
		}}
		name := fmt.Sprintf("%s-%s-%s", j.Decision.Policy.Name, j.Rule, j.Resource.Name)
		if j.Resource.Namespace != "" {
			filter.Resources.Namespaces = []string{j.Resource.Namespace}
			name = fmt.Sprintf("%s-%s-%s-%s", j.Decision.Policy.Name, j.Rule, j.Resource.Namespace, j.Resource.Name)
		}
		text, err := yaml.Marshal(kyvernov2.PolicyException{
			TypeMeta:   metav1.TypeMeta{APIVersion: kyvernov2.SchemeGroupVersion.String(), Kind: "PolicyException"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{ttlLabel: ttl.String()}},
			Spec: kyvernov2.PolicyExceptionSpec{
				Match:      kyvernov1.MatchResources{All: []kyvernov1.ResourceFilter{filter}},
				Exceptions: []kyvernov2.Exception{{PolicyName: j.Decision.Policy.String(), RuleNames: []string{j.Rule}}},
			},
		})
		if err != nil {
			return fmt.Errorf("exception %s: %w", name, err)
		}
		if _, err := fmt.Fprintf(w, "---\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}
