package autogen

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	pod     = "Pod"
	cronJob = "CronJob"
)

// controllers are the kinds that make Pods, with what match calls them.
var controllers = map[string]string{
	"DaemonSet":             "apps/v1/DaemonSet",
	"Deployment":            "apps/v1/Deployment",
	"Job":                   "batch/v1/Job",
	"ReplicaSet":            "apps/v1/ReplicaSet",
	"ReplicationController": "v1/ReplicationController",
	"StatefulSet":           "apps/v1/StatefulSet",
	cronJob:                 "batch/v1/CronJob",
}

// kindName is what a custom kind in the annotation must look like: a kind that is built like a Deployment can be named
// there too.
var kindName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// effective returns the kinds for which rules are derived as far as the annotation says, sorted.
func effective(policy v1.Object) []string {
	text, given := policy.GetAnnotations()[Annotation]
	if !given {
		return slices.Sorted(maps.Keys(controllers))
	}
	var kinds []string
	for _, entry := range strings.Split(text, ",") {
		if isController(entry) {
			kinds = append(kinds, entry)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// isController tells whether an entry of the annotation names something that can make Pods.
func isController(entry string) bool { return entry != pod && kindName.MatchString(entry) }

// selectors are kinds as match spells them. A custom kind is meant whatever its group.
func selectors(kinds []string) []string {
	out := make([]string, len(kinds))
	for i, kind := range kinds {
		if selector, known := controllers[kind]; known {
			out[i] = selector
		} else {
			out[i] = kind
		}
	}
	return out
}
