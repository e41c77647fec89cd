package podsecurity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// errNoPod is the error for objects that are no Pod and make none.
var errNoPod = errors.New("could not find correct resource type")

// template tells where in an object of some kind a Pod is described.
type template struct {
	metadata, spec []string
}

var (
	podTemplate     = template{[]string{"spec", "template", "metadata"}, []string{"spec", "template", "spec"}}
	templatesByKind = map[string]*template{
		"Pod":                   {[]string{"metadata"}, []string{"spec"}},
		"PodTemplate":           {[]string{"template", "metadata"}, []string{"template", "spec"}},
		"DaemonSet":             &podTemplate,
		"Deployment":            &podTemplate,
		"Job":                   &podTemplate,
		"ReplicaSet":            &podTemplate,
		"ReplicationController": &podTemplate,
		"StatefulSet":           &podTemplate,
		// The metadata of a CronJob's Pods is taken for that of its Jobs.
		"CronJob": {[]string{"spec", "jobTemplate", "metadata"}, []string{"spec", "jobTemplate", "spec", "template", "spec"}},
	}
)

// pod is what the standards look at. It is read only.
type pod struct {
	at       *template
	metadata metav1.ObjectMeta
	spec     corev1.PodSpec
}

// newPod finds the Pod in an object by its kind, whatever the group is.
func newPod(object eval.Object, kind string) (*pod, error) {
	at, known := templatesByKind[kind]
	if !known {
		return nil, errNoPod
	}
	p := &pod{at: at}
	metadata, err := mapAt(object, at.metadata)
	if err != nil {
		return nil, err
	}
	if p.metadata.Annotations, err = annotations(metadata, at); err != nil {
		return nil, err
	}
	spec, err := mapAt(object, at.spec)
	if err != nil {
		return nil, err
	}
	spec = trimmed(spec)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &p.spec); err != nil {
		return nil, fmt.Errorf("%s.%s is not what a Pod has there: %w", strings.Join(at.spec, "."), misfit(spec), err)
	}
	return p, nil
}

// misfit finds the field, or the element of a list, for which a spec does not convert.
func misfit(spec map[string]any) string {
	converts := func(key string, value any) bool {
		return runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{key: value}, &corev1.PodSpec{}) == nil
	}
	for _, key := range slices.Sorted(maps.Keys(spec)) {
		if converts(key, spec[key]) {
			continue
		}
		list, _ := spec[key].([]any)
		for i, element := range list {
			if !converts(key, []any{element}) {
				return fmt.Sprintf("%s[%d]", key, i)
			}
		}
		return key
	}
	return "?"
}

// bulky are fields of a PodSpec, and of a container, that no version of the standards looks at and that take most of the
// time to convert.
var (
	bulkySpec      = sets.New("affinity", "dnsConfig", "hostAliases", "imagePullSecrets", "nodeSelector", "overhead", "resources", "tolerations", "topologySpreadConstraints")
	bulkyContainer = sets.New("args", "command", "env", "envFrom", "resizePolicy", "resources", "volumeDevices", "volumeMounts")
)

// trimmed is a copy of a spec without its bulky fields.
func trimmed(spec map[string]any) map[string]any {
	out := without(spec, bulkySpec)
	for _, name := range []string{"containers", "initContainers", "ephemeralContainers"} {
		list, ok := spec[name].([]any)
		if !ok {
			continue
		}
		containers := make([]any, len(list))
		for i, c := range list {
			containers[i] = c
			if c, ok := c.(map[string]any); ok {
				containers[i] = without(c, bulkyContainer)
			}
		}
		out[name] = containers
	}
	return out
}

func without(m map[string]any, keys sets.Set[string]) map[string]any {
	out := make(map[string]any, len(m))
	for key, value := range m {
		if !keys.Has(key) {
			out[key] = value
		}
	}
	return out
}

// mapAt follows a path of keys. What is absent or null is an empty map, anything but a map an error.
func mapAt(object eval.Object, path []string) (map[string]any, error) {
	for i, key := range path {
		switch next := object[key].(type) {
		case map[string]any:
			object = next
		case nil:
			return nil, nil
		default:
			return nil, fmt.Errorf("%s is %T and not a map", strings.Join(path[:i+1], "."), next)
		}
	}
	return object, nil
}

func annotations(metadata map[string]any, at *template) (map[string]string, error) {
	raw, err := mapAt(metadata, []string{"annotations"})
	if err != nil {
		return nil, fmt.Errorf("%s.%w", strings.Join(at.metadata, "."), err)
	}
	found := make(map[string]string, len(raw))
	for key, value := range raw {
		text, ok := value.(string)
		if !ok && value != nil {
			return nil, fmt.Errorf("%s.annotations[%s] is %T and not a string", strings.Join(at.metadata, "."), key, value)
		}
		found[key] = text
	}
	return found, nil
}

// bare is the Pod with a single container that sets nothing: what it violates is what the Pod itself violates.
func (p *pod) bare() *pod {
	bare := *p
	bare.spec.InitContainers, bare.spec.EphemeralContainers = nil, nil
	bare.spec.Containers = []corev1.Container{{}}
	return &bare
}

// container is one container of a Pod and where it is.
type container struct {
	*corev1.Container
	list  string
	index int
}

// visit calls f with every container, in the order in which the standards list them.
func (p *pod) visit(f func(container)) {
	for i := range p.spec.InitContainers {
		f(container{&p.spec.InitContainers[i], "initContainers", i})
	}
	for i := range p.spec.Containers {
		f(container{&p.spec.Containers[i], "containers", i})
	}
	for i := range p.spec.EphemeralContainers {
		f(container{(*corev1.Container)(&p.spec.EphemeralContainers[i].EphemeralContainerCommon), "ephemeralContainers", i})
	}
}
