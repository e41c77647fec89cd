package autogen

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// common are the controllers that an author is expected to think of: leaving out one of the others, which other
// controllers own, is nothing to warn of.
var common = []string{cronJob, "DaemonSet", "Deployment", "Job", "StatefulSet"}

// Warnings tell the author of a policy with rules on Pods which controllers of Pods it does not speak of, and why.
func Warnings(policy v1.Object) []string {
	spec := policy.PolicySpec()
	if !slices.ContainsFunc(spec.Rules, func(r v1.Rule) bool { return isOnPods(&r) }) {
		return nil
	}
	text, given := policy.GetAnnotations()[Annotation]
	if text == "none" {
		return nil
	}
	if found := findObstacle(spec); found != nil {
		return []string{fmt.Sprintf("%s: because of it no rule of the policy is carried over from Pods to Deployments and other controllers, whose Pods are judged all the same: %s.", found.path, found.why)}
	}
	if !given {
		return nil
	}
	return annotationWarnings(text, effective(policy))
}

func annotationWarnings(text string, kinds []string) []string {
	path := field.NewPath("metadata", "annotations").Key(Annotation)
	var warnings []string
	for _, entry := range strings.Split(text, ",") {
		if !isController(entry) {
			warnings = append(warnings, fmt.Sprintf("%s: %q is no kind of controller and is passed over: list kinds without spaces, as in Deployment,CronJob.", path, entry))
		}
	}
	var missing []string
	for _, kind := range common {
		if !slices.Contains(kinds, kind) {
			missing = append(missing, kind)
		}
	}
	if len(missing) > 0 {
		warnings = append(warnings, fmt.Sprintf("%s: %s are left out, while Pods that they make are judged all the same: to leave those out too, use preconditions.", path, strings.Join(missing, ", ")))
	}
	return warnings
}
