package podsecurity

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func exclusions(t *testing.T, text string) []v1.PodSecurityExclusion {
	t.Helper()
	var out []v1.PodSecurityExclusion
	if err := decodeInto(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestExclude holds verdicts of the reference, and what it leaves.
func TestExclude(t *testing.T) {
	bare := "{containers: [{name: a, image: nginx}]}"
	three := "{containers: [{name: a, image: nginx}, {name: b, image: ghcr.io/b}, {name: c, image: 'nginx:1'}]}"
	podBad := "{securityContext: {runAsNonRoot: false, seccompProfile: {type: Unconfined}}, containers: [{name: a, image: nginx, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"
	for _, test := range []struct {
		name, spec string
		level      v1.PodSecurityLevel
		exclude    string
		// left are the parts of the message that name what is left; nothing is left when there are none.
		left []string
	}{
		{"without images, one container that sets nothing", bare, v1.Restricted, "[{controlName: Seccomp}, {controlName: Running as Non-root}, {controlName: Capabilities, images: ['*']}, {controlName: Privilege Escalation, images: ['*']}]", nil},
		{"without images, several containers that set nothing", three, v1.Restricted, "[{controlName: Seccomp}, {controlName: Running as Non-root, images: ['*']}, {controlName: Capabilities, images: ['*']}, {controlName: Privilege Escalation, images: ['*']}]", []string{"seccompProfile, field error list: [spec.containers[1].securityContext.seccompProfile.type: Required value, spec.containers[2]"}},
		{"by image", three, v1.Restricted, "[{controlName: Seccomp, images: ['ghcr.io/*', nginx]}, {controlName: Running as Non-root, images: ['*']}, {controlName: Capabilities, images: ['*']}, {controlName: Privilege Escalation, images: ['*']}]", []string{"[spec.containers[2].securityContext.seccompProfile.type: Required value]"}},
		{"the Pod's own, without images", podBad, v1.Restricted, "[{controlName: Seccomp}, {controlName: Running as Non-root}]", nil},
		{"the Pod's own, with images", podBad, v1.Restricted, "[{controlName: Seccomp, images: ['*']}, {controlName: Running as Non-root, images: ['*']}]", []string{"runAsNonRoot != true, field error list: [spec.securityContext.runAsNonRoot is", "[spec.securityContext.seccompProfile.type is", "seccompProfile"}},
		{"an image is compared as it is written", "{containers: [{name: a, image: nginx, securityContext: {privileged: true}}, {name: b, image: docker.io/library/nginx, securityContext: {privileged: true}}]}", v1.Baseline, "[{controlName: Privileged Containers, images: [nginx]}]", []string{"[spec.containers[1].securityContext.privileged is"}},
		{"values of a list", "{containers: [{name: a, image: a, securityContext: {capabilities: {add: [NET_RAW, NET_ADMIN]}}}, {name: b, image: a, securityContext: {capabilities: {add: [NET_RAW, SYS_TIME]}}}]}", v1.Baseline, "[{controlName: Capabilities, images: ['*'], restrictedField: 'spec.containers[*].securityContext.capabilities.add', values: ['NET_*']}]", []string{"[spec.containers[1].securityContext.capabilities.add is forbidden, forbidden values found: [NET_RAW SYS_TIME]]"}},
		{"values and the field of other containers", "{initContainers: [{name: a, image: a, securityContext: {privileged: true}}]}", v1.Baseline, "[{controlName: Privileged Containers, images: ['*'], restrictedField: 'spec.containers[*].securityContext.privileged', values: ['true']}]", []string{"[spec.initContainers[0].securityContext.privileged is"}},
		{"ports", "{containers: [{name: a, image: a, ports: [{hostPort: 81}, {hostPort: 80}]}]}", v1.Baseline, "[{controlName: Host Ports, images: ['*'], restrictedField: 'spec.containers[*].ports[*].hostPort', values: ['80']}]", []string{"[spec.containers[0].ports[0].hostPort is forbidden, forbidden values found: 81]"}},
		{"sysctls, one twice", "{securityContext: {sysctls: [{name: net.foo}, {name: kernel.bar}]}}", v1.Baseline, "[{controlName: Sysctls, restrictedField: 'spec.securityContext.sysctls[*].name', values: ['kernel.*']}, {controlName: Sysctls, restrictedField: 'spec.securityContext.sysctls[*].name', values: ['kernel.bar']}]", []string{"[spec.securityContext.sysctls[0].name is forbidden, forbidden values found: net.foo]"}},
		{"paths", "{volumes: [{name: a, hostPath: {path: /etc/x}}, {name: b, hostPath: {path: /var}}]}", v1.Baseline, "[{controlName: HostPath Volumes, restrictedField: 'spec.volumes[*].hostPath', values: ['/etc*']}]", []string{"[spec.volumes[1].hostPath is forbidden, forbidden values found: /var]"}},
		{"volume types have no values", "{volumes: [{name: a, nfs: {}}]}", v1.Restricted, "[{controlName: Volume Types, restrictedField: 'spec.volumes[*].nfs', values: [x]}]", nil},
		{"the stricter control leaves the other", "{volumes: [{name: a, hostPath: {path: /etc}}]}", v1.Restricted, "[{controlName: Volume Types}]", []string{"hostPath volumes, field error list: [spec.volumes[0].hostPath is"}},
		{"a control that nothing can name", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", v1.Baseline, "[{controlName: Host Ports, images: ['*']}]", []string{"probe or lifecycle host"}},
		{"one of two namespaces", "{hostPID: true, hostNetwork: true}", v1.Baseline, "[{controlName: Host Namespaces, restrictedField: spec.hostPID, values: ['true']}]", []string{"[spec.hostNetwork is"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			object := eval.Object{"spec": decode(t, test.spec)}
			check := compile(t, latest(test.level, exclusions(t, test.exclude)...))
			v := check.Evaluate(object, podKind, nil)
			if (v.Result == eval.Pass) != (len(test.left) == 0) || strings.Count(v.Message, "Forbidden reason") != len(test.left) {
				t.Fatalf("%s %s", v.Result, v.Message)
			}
			for _, left := range test.left {
				if !strings.Contains(v.Message, left) {
					t.Errorf("%s\nwant %s", v.Message, left)
				}
			}
			// The same exclusions by exceptions, each its own, in either order.
			var lowered []*Exclusions
			for _, e := range exclusions(t, test.exclude) {
				x, errs := CompileExclusions([]v1.PodSecurityExclusion{e}, nil)
				if len(errs) > 0 {
					t.Fatal(errs)
				}
				lowered = append([]*Exclusions{x}, lowered...)
			}
			lower := compile(t, latest(test.level)).Evaluate(object, podKind, lowered)
			if len(test.left) == 0 && (lower.Result != eval.Skip || lower.Message != "") || len(test.left) > 0 && (lower.Result != eval.Fail || lower.Message != v.Message) {
				t.Errorf("by exceptions: %s %s", lower.Result, lower.Message)
			}
		})
	}
}

// TestK12 K12: exceptions that each exclude one control for one image never exclude together what none of them does.
func TestK12(t *testing.T) {
	compiled := func(text string) *Exclusions {
		x, errs := CompileExclusions(exclusions(t, text), nil)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		return x
	}
	e1 := compiled("[{controlName: Privileged Containers, images: [a]}]")
	e2 := compiled("[{controlName: Capabilities, images: [b]}]")
	check := compile(t, latest(v1.Baseline))
	for _, test := range []struct {
		name, spec string
		result     eval.Result
	}{
		{"image c violates X", "{containers: [{name: c, image: c, securityContext: {privileged: true}}]}", eval.Fail},
		{"image c violates Y", "{containers: [{name: c, image: c, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", eval.Fail},
		{"image b violates X", "{containers: [{name: b, image: b, securityContext: {privileged: true}}]}", eval.Fail},
		{"image a violates Y", "{containers: [{name: a, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", eval.Fail},
		{"image b violates X beside a that may", "{containers: [{name: a, image: a, securityContext: {privileged: true}}, {name: b, image: b, securityContext: {privileged: true}}]}", eval.Fail},
		{"one name in two lists", "{initContainers: [{name: x, image: c, securityContext: {privileged: true}}], containers: [{name: x, image: a, securityContext: {privileged: true}}]}", eval.Fail},
		{"one name twice", "{containers: [{name: x, image: a, securityContext: {privileged: true}}, {name: x, image: c, securityContext: {privileged: true}}]}", eval.Fail},
		{"each violates what it may", "{containers: [{name: a, image: a, securityContext: {privileged: true}}, {name: b, image: b, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}", eval.Skip},
	} {
		for _, lowered := range [][]*Exclusions{{e1, e2}, {e2, e1}, {e1, e2, e1, e2}} {
			if v := check.Evaluate(eval.Object{"spec": decode(t, test.spec)}, podKind, lowered); v.Result != test.result {
				t.Errorf("K12: %s: %s %s", test.name, v.Result, v.Message)
			}
		}
	}
}

func TestCompileExclusionsRefuses(t *testing.T) {
	for _, test := range []struct{ exclusion, field, detail string }{
		{"[{}]", "x[0].controlName", ""},
		{"[{controlName: Bogus}]", "x[0].controlName", "Seccomp"},
		{"[{controlName: Capabilities}]", "x[0].controlName", "exclude.images must be specified"},
		{"[{controlName: Host Namespaces, images: ['*']}]", "x[0].controlName", "exclude.images must not be specified"},
		{"[{controlName: Seccomp}, {controlName: Seccomp, restrictedField: spec.x}]", "x[1].values", "values is required"},
		{"[{controlName: Seccomp, values: [x]}]", "x[0].restrictedField", "restrictedField is required"},
		{"[{controlName: Seccomp, images: ['*" + strings.Repeat("?a", 50) + "*']}]", "x[0].images[0]", ""},
		{"[{controlName: Seccomp, restrictedField: spec.x, values: ['*" + strings.Repeat("?a", 50) + "*']}]", "x[0].values[0]", ""},
	} {
		x, errs := CompileExclusions(exclusions(t, test.exclusion), field.NewPath("x"))
		if x != nil || len(errs) != 1 || errs[0].Field != test.field || !strings.Contains(errs[0].Error(), test.detail) {
			t.Errorf("%s: %v", test.exclusion, errs)
		}
	}
}
