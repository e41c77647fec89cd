package podsecurity

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/policy"
)

// probe asks a check about single values, each in a Pod that has nothing else, so that which values are allowed is
// written down in one place only: the check.
type probe struct {
	check policy.CheckPodFn
}

func (p probe) deniesSpec(spec *corev1.PodSpec) bool {
	return !p.check(&metav1.ObjectMeta{}, spec).Allowed
}

func (p probe) deniesPod(sc *corev1.PodSecurityContext) bool {
	return p.deniesSpec(&corev1.PodSpec{SecurityContext: sc})
}

func (p probe) deniesContainer(sc *corev1.SecurityContext) bool {
	return p.deniesSpec(&corev1.PodSpec{Containers: []corev1.Container{{SecurityContext: sc}}})
}

func (p probe) deniesAnnotation(key, value string) bool {
	return !p.check(&metav1.ObjectMeta{Annotations: map[string]string{key: value}}, &corev1.PodSpec{}).Allowed
}

// volumeType is the type of a volume that the check denies, and empty when it does not.
func (p probe) volumeType(source corev1.VolumeSource) string {
	result := p.check(&metav1.ObjectMeta{}, &corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: source}}})
	if result.Allowed {
		return ""
	}
	// The detail ends in the quoted type.
	quoted := strings.Split(result.ForbiddenDetail, `"`)
	if len(quoted) < 2 {
		return "unknown"
	}
	return quoted[len(quoted)-2]
}
