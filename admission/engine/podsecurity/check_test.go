package podsecurity

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func latest(level v1.PodSecurityLevel, exclude ...v1.PodSecurityExclusion) v1.PodSecurity {
	return v1.PodSecurity{Level: level, Version: "latest", Exclude: exclude}
}

// fine is a security context of a container that meets the level restricted.
const fine = "allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}"

// TestEvaluate holds what the reference answers to the same Pods.
func TestEvaluate(t *testing.T) {
	for _, test := range []struct {
		name, spec string
		level      v1.PodSecurityLevel
		want       string
	}{
		{"an empty Pod", "{}", v1.Restricted, ""},
		{"a bare container at baseline", "{containers: [{name: a, image: nginx}]}", v1.Baseline, ""},
		{"a bare container", "{containers: [{name: a, image: nginx}]}", v1.Restricted,
			"(Forbidden reason: allowPrivilegeEscalation != false, field error list: [spec.containers[0].securityContext.allowPrivilegeEscalation: Required value])" +
				"(Forbidden reason: unrestricted capabilities, field error list: [spec.containers[0].securityContext.capabilities.drop: Required value])" +
				"(Forbidden reason: runAsNonRoot != true, field error list: [spec.containers[0].securityContext.runAsNonRoot: Required value])" +
				"(Forbidden reason: seccompProfile, field error list: [spec.containers[0].securityContext.seccompProfile.type: Required value])"},
		{"escalation", "{containers: [{name: a, securityContext: {" + fine + "}}, {name: b, securityContext: {" + strings.Replace(fine, "Escalation: false", "Escalation: true", 1) + "}}, {name: c, securityContext: {" + strings.Replace(fine, "allowPrivilegeEscalation: false, ", "", 1) + "}}]}", v1.Restricted,
			"(Forbidden reason: allowPrivilegeEscalation != false, field error list: [spec.containers[1].securityContext.allowPrivilegeEscalation is forbidden, forbidden values found: true, spec.containers[2].securityContext.allowPrivilegeEscalation is forbidden, forbidden values found: nil])"},
		{"capabilities", "{containers: [{name: a, securityContext: {" + strings.Replace(fine, "drop: [ALL]", "drop: [], add: [NET_BIND_SERVICE, FOO, BAR, FOO]", 1) + "}}, {name: b, securityContext: {" + strings.Replace(fine, "[ALL]", "[X]", 1) + "}}]}", v1.Restricted,
			"(Forbidden reason: non-default capabilities, field error list: [spec.containers[0].securityContext.capabilities.add is forbidden, forbidden values found: [BAR FOO]])" +
				"(Forbidden reason: unrestricted capabilities, field error list: [spec.containers[0].securityContext.capabilities.drop: Required value, spec.containers[1].securityContext.capabilities.drop is forbidden, forbidden values found: [X], spec.containers[0].securityContext.capabilities.add is forbidden, forbidden values found: [BAR FOO]])"},
		{"host namespaces", "{hostNetwork: true, hostPID: true, hostIPC: true}", v1.Baseline,
			"(Forbidden reason: host namespaces, field error list: [spec.hostNetwork is forbidden, forbidden values found: true, spec.hostPID is forbidden, forbidden values found: true, spec.hostIPC is forbidden, forbidden values found: true])"},
		{"volumes", "{volumes: [{name: a, hostPath: {path: /etc}}, {name: b, nfs: {server: a, path: b}}, {name: c}, {name: d, emptyDir: {}}]}", v1.Restricted,
			"(Forbidden reason: hostPath volumes, field error list: [spec.volumes[0].hostPath is forbidden, forbidden values found: /etc])" +
				"(Forbidden reason: restricted volume types, field error list: [spec.volumes[0].hostPath: Forbidden, spec.volumes[1].nfs: Forbidden, spec.volumes[2].unknown: Forbidden])"},
		{"host ports", "{initContainers: [{name: i, ports: [{containerPort: 1, hostPort: 80}]}], containers: [{name: a, ports: [{containerPort: 1}, {containerPort: 2, hostPort: 81}]}]}", v1.Baseline,
			"(Forbidden reason: hostPort, field error list: [spec.initContainers[0].ports[0].hostPort is forbidden, forbidden values found: 80, spec.containers[0].ports[1].hostPort is forbidden, forbidden values found: 81])"},
		{"probes", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", v1.Baseline, "(Forbidden reason: probe or lifecycle host, field error list: [])"},
		{"root users", "{securityContext: {runAsUser: 0, seccompProfile: {type: Localhost}}, containers: [{name: a, securityContext: {runAsUser: 0, allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}}}]}", v1.Restricted,
			"(Forbidden reason: runAsUser=0, field error list: [spec.securityContext.runAsUser is forbidden, forbidden values found: 0, spec.containers[0].securityContext.runAsUser is forbidden, forbidden values found: 0])"},
		{"root said and not said", "{securityContext: {runAsNonRoot: false}, containers: [{name: a, securityContext: {" + strings.Replace(fine, "runAsNonRoot: true, ", "", 1) + "}}, {name: b, securityContext: {" + fine + "}}, {name: c, securityContext: {" + strings.Replace(fine, "runAsNonRoot: true", "runAsNonRoot: false", 1) + "}}]}", v1.Restricted,
			"(Forbidden reason: runAsNonRoot != true, field error list: [spec.securityContext.runAsNonRoot is forbidden, forbidden values found: false, spec.containers[2].securityContext.runAsNonRoot is forbidden, forbidden values found: false, spec.containers[0].securityContext.runAsNonRoot: Required value])"},
		{"a profile without a type", "{containers: [{name: a, securityContext: {seccompProfile: {type: ''}}}]}", v1.Baseline,
			"(Forbidden reason: seccompProfile, field error list: [spec.containers[0].securityContext.seccompProfile.type: Forbidden])"},
		{"SELinux", "{securityContext: {seLinuxOptions: {type: t, user: u}}, containers: [{name: a, securityContext: {seLinuxOptions: {role: r, type: container_t}}}]}", v1.Baseline,
			"(Forbidden reason: seLinuxOptions, field error list: [spec.securityContext.seLinuxOptions.type is forbidden, forbidden values found: t, spec.securityContext.seLinuxOptions.user is forbidden, forbidden values found: u, spec.containers[0].securityContext.seLinuxOptions.role is forbidden, forbidden values found: r])"},
		{"sysctls", "{securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}, {name: kernel.foo, value: '1'}]}}", v1.Baseline,
			"(Forbidden reason: forbidden sysctls, field error list: [spec.securityContext.sysctls[1].name is forbidden, forbidden values found: kernel.foo])"},
		{"a Windows host process", "{securityContext: {windowsOptions: {hostProcess: true}}, hostNetwork: true}", v1.Baseline,
			"(Forbidden reason: host namespaces, field error list: [spec.hostNetwork is forbidden, forbidden values found: true])(Forbidden reason: hostProcess, field error list: [spec.securityContext.windowsOptions.hostProcess is forbidden, forbidden values found: true])"},
		{"/proc", "{containers: [{name: a, securityContext: {procMount: Unmasked, " + fine + "}}]}", v1.Restricted,
			"(Forbidden reason: procMount, field error list: [spec.containers[0].securityContext.procMount is forbidden, forbidden values found: Unmasked])"},
		{"AppArmor", "{securityContext: {appArmorProfile: {type: Unconfined}}}", v1.Baseline,
			"(Forbidden reason: forbidden AppArmor profile, field error list: [spec.securityContext.appArmorProfile.type is forbidden, forbidden values found: Unconfined])"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, want := eval.Fail, fmt.Sprintf("Validation rule 'r' failed. It violates PodSecurity \"%s:latest\": %s", test.level, test.want)
			if test.want == "" {
				result, want = eval.Pass, "Validation rule 'r' passed."
			}
			v := compile(t, latest(test.level)).Evaluate(eval.Object{"spec": decode(t, test.spec)}, podKind, nil)
			if v.Result != result || v.Message != want {
				t.Errorf("%s %s\nwant %s %s", v.Result, v.Message, result, want)
			}
		})
	}
}

// TestM01 M01: a container is seen wherever it stands, and so is its seccomp profile (K03).
func TestM01(t *testing.T) {
	for _, bad := range []string{"privileged: true", "seccompProfile: {type: Unconfined}"} {
		for _, spec := range []string{
			"{containers: [{name: a, securityContext: {BAD}}]}", "{initContainers: [{name: a, securityContext: {BAD}}]}",
			"{ephemeralContainers: [{name: a, securityContext: {BAD}}]}", "{securityContext: {BAD}}",
		} {
			if bad == "privileged: true" && strings.HasPrefix(spec, "{securityContext") {
				continue
			}
			object := eval.Object{"spec": decode(t, strings.ReplaceAll(spec, "BAD", bad))}
			for _, level := range []v1.PodSecurityLevel{v1.Baseline, v1.Restricted} {
				if v := compile(t, latest(level)).Evaluate(object, podKind, nil); v.Result != eval.Fail {
					t.Errorf("M01 K03: %s at %s: %s", spec, level, v.Result)
				}
			}
		}
	}
	absent := eval.Object{"spec": decode(t, "{containers: [{name: a, securityContext: {"+strings.Replace(fine, ", seccompProfile: {type: RuntimeDefault}", "", 1)+"}}]}")}
	if v := compile(t, latest(v1.Restricted)).Evaluate(absent, podKind, nil); v.Result != eval.Fail || !strings.Contains(v.Message, "seccompProfile.type: Required value") {
		t.Errorf("K03: absent: %v", v)
	}
}

func TestEvaluateKinds(t *testing.T) {
	check := compile(t, latest(v1.Baseline))
	bad := "metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}, spec: {hostPID: true}"
	for kind, test := range map[string]struct{ object, field, annotation string }{
		"Pod":                   {"{" + bad + "}", "spec.hostPID", "metadata.annotations["},
		"Deployment":            {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"DaemonSet":             {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"StatefulSet":           {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"ReplicaSet":            {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"ReplicationController": {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"Job":                   {"{spec: {template: {" + bad + "}}}", "spec.template.spec.hostPID", "spec.template.metadata.annotations["},
		"PodTemplate":           {"{template: {" + bad + "}}", "template.spec.hostPID", "template.metadata.annotations["},
		"CronJob": {"{spec: {jobTemplate: {metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}, spec: {template: {spec: {hostPID: true}}}}}}",
			"spec.jobTemplate.spec.template.spec.hostPID", "spec.jobTemplate.metadata.annotations["},
	} {
		v := check.Evaluate(decode(t, test.object), schema.GroupVersionKind{Kind: kind}, nil)
		if v.Result != eval.Fail || !strings.Contains(v.Message, "["+test.field+" is forbidden") || !strings.Contains(v.Message, "["+test.annotation) {
			t.Errorf("%s: %s %s", kind, v.Result, v.Message)
		}
	}
}

// TestA03 A03: a kind that makes no Pods, and what is no Pod at all, are errors.
func TestA03(t *testing.T) {
	for _, level := range []v1.PodSecurityLevel{v1.Privileged, v1.Baseline, v1.Restricted} {
		check := compile(t, latest(level))
		v := check.Evaluate(decode(t, "{spec: {ports: [{port: 1}]}}"), schema.GroupVersionKind{Version: "v1", Kind: "Service"}, nil)
		if v.Result != eval.Error || v.Message != "Error while getting new resource: could not find correct resource type" {
			t.Errorf("A03: %v", v)
		}
		for _, object := range []string{
			"{spec: text}", "{spec: [1]}", "{metadata: {annotations: [a]}}", "{metadata: {annotations: {a: 1}}}", "{metadata: 5}",
			"{spec: {containers: {}}}", "{spec: {hostPID: 'yes'}}", "{spec: {containers: [text]}}", "{spec: {securityContext: {runAsUser: x}}}",
		} {
			if v := check.Evaluate(decode(t, object), podKind, nil); v.Result != eval.Error || !strings.HasPrefix(v.Message, "Error while getting new resource: ") || strings.Contains(v.Message, "?") {
				t.Errorf("%s: %v", object, v)
			}
		}
		if v := check.Evaluate(decode(t, "{spec: {containers: [{name: a}, {name: 1}]}}"), podKind, nil); !strings.Contains(v.Message, ": spec.containers[1] is not") {
			t.Error(v)
		}
		for _, object := range []eval.Object{nil, {}, {"spec": nil, "metadata": map[string]any{"annotations": nil}}} {
			if v := check.Evaluate(object, podKind, nil); v.Result != eval.Pass {
				t.Errorf("%v: %v", object, v)
			}
		}
	}
}

func TestProperties(t *testing.T) {
	v := compile(t, latest(v1.Restricted)).Evaluate(decode(t, `
spec:
  hostNetwork: true
  containers:
  - {name: a, image: nginx, securityContext: {`+strings.Replace(fine, "runAsNonRoot: true", "runAsNonRoot: false", 1)+`}, ports: [{containerPort: 80, hostPort: 80}]}
  - {name: b, image: 'ghcr.io/x/y:1', securityContext: {`+strings.Replace(fine, "runAsNonRoot: true, ", "", 1)+`}}
  - {name: c, image: Not An Image, securityContext: {privileged: true, `+fine+`}}
`), podKind, nil)
	want := map[string]string{
		"standard": "restricted", "version": "latest",
		"controls":     "hostNamespaces,hostPorts,privileged,runAsNonRoot",
		"controlsJSON": `[{"ID":"hostNamespaces","Name":"Host Namespaces","Images":null},{"ID":"hostPorts","Name":"Host Ports","Images":null},{"ID":"privileged","Name":"Privileged Containers","Images":["c"]},{"ID":"runAsNonRoot","Name":"Running as Non-root","Images":["docker.io/nginx:latest"]}]`,
	}
	for key, value := range want {
		if v.Properties[key] != value {
			t.Errorf("%s is %s\nwant %s", key, v.Properties[key], value)
		}
	}
	if len(v.Properties) != len(want) {
		t.Error(v.Properties)
	}
}

func TestVersions(t *testing.T) {
	for _, test := range []struct {
		version, spec string
		result        eval.Result
	}{
		{"v1.26", "{securityContext: {sysctls: [{name: net.ipv4.ip_local_reserved_ports}]}}", eval.Fail},
		{"v1.27", "{securityContext: {sysctls: [{name: net.ipv4.ip_local_reserved_ports}]}}", eval.Pass},
		{"v1.30", "{securityContext: {seLinuxOptions: {type: container_engine_t}}}", eval.Fail},
		{"v1.31", "{securityContext: {seLinuxOptions: {type: container_engine_t}}}", eval.Pass},
		{"v1.33", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", eval.Pass},
		{"v1.34", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", eval.Fail},
		{"v1.999", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", eval.Fail},
		{"", "{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}", eval.Fail},
	} {
		v := compile(t, v1.PodSecurity{Level: v1.Baseline, Version: test.version}).Evaluate(eval.Object{"spec": decode(t, test.spec)}, podKind, nil)
		if v.Result != test.result {
			t.Errorf("%s %s: %s %s", test.version, test.spec, v.Result, v.Message)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	path := field.NewPath("ps")
	for _, test := range []struct {
		ps     v1.PodSecurity
		fields []string
	}{
		{v1.PodSecurity{}, []string{"ps.level"}},
		{v1.PodSecurity{Level: "strict", Version: "1.31"}, []string{"ps.level", "ps.version"}},
		{v1.PodSecurity{Level: v1.Baseline, Version: "v2.0"}, []string{"ps.version"}},
		{latest(v1.Baseline, v1.PodSecurityExclusion{ControlName: "Volume Types"}), []string{"ps.exclude[0].controlName"}},
	} {
		check, errs := Compile("r", &test.ps, path)
		var fields []string
		for _, err := range errs {
			fields = append(fields, err.Field)
		}
		if check != nil || fmt.Sprint(fields) != fmt.Sprint(test.fields) {
			t.Errorf("%v: %v", test.ps, errs)
		}
	}
}

func TestMessageIsBounded(t *testing.T) {
	var list []any
	for i := range 5000 {
		list = append(list, map[string]any{"name": fmt.Sprint("c", i), "image": "a", "securityContext": map[string]any{"privileged": true}})
	}
	v := compile(t, latest(v1.Baseline)).Evaluate(eval.Object{"spec": map[string]any{"containers": list}}, podKind, nil)
	if v.Result != eval.Fail || !strings.HasSuffix(v.Message, ", and 4900 more])") || len(v.Message) > 20_000 || len(v.Properties["controlsJSON"]) > 20_000 {
		t.Errorf("%s, %d characters, %d of controlsJSON", v.Result, len(v.Message), len(v.Properties["controlsJSON"]))
	}
}

func TestViolations(t *testing.T) {
	check := compile(t, latest(v1.Baseline))
	of := func(spec string) []string {
		return check.Violations(eval.Object{"spec": decode(t, spec)}, podKind, nil)
	}
	before := of("{containers: [{name: a, securityContext: {privileged: true}}]}")
	moved := of("{containers: [{name: b}, {name: a, securityContext: {privileged: true}}]}")
	if len(before) != 1 || len(moved) != 1 || before[0] != moved[0] {
		t.Errorf("%v became %v", before, moved)
	}
	if more := of("{hostPID: true, containers: [{name: b, securityContext: {privileged: true}}]}"); len(more) != 2 || more[0] == before[0] || more[1] == before[0] {
		t.Errorf("M13: %v beside %v", more, before)
	}
	if probes := of("{containers: [{name: a, livenessProbe: {httpGet: {host: b, port: 80}}}]}"); len(probes) != 1 {
		t.Error(probes)
	}
	if none := check.Violations(eval.Object{"spec": 1}, podKind, nil); none != nil {
		t.Error(none)
	}
}

// FuzzEvaluate judges arbitrary JSON as objects of every kind.
func FuzzEvaluate(f *testing.F) {
	for _, seed := range []string{
		"{spec: {containers: [{name: a, image: b, securityContext: {" + fine + "}}]}}",
		"{spec: {template: {spec: {volumes: [{name: a, hostPath: {path: /}}], securityContext: {sysctls: [{name: a}]}}}}}",
		"{metadata: {annotations: {a: b}}, spec: {ephemeralContainers: [{name: e, ports: [{hostPort: 1}]}], hostUsers: false, os: {name: windows}}}",
		"{spec: {containers: [{resources: {limits: {cpu: x}}}], activeDeadlineSeconds: 1.5, hostPID: null}}", "{template: {spec: []}}",
	} {
		f.Add(seed)
	}
	exclude := []v1.PodSecurityExclusion{}
	for name := range controls {
		exclude = append(exclude, everything(name)...)
	}
	plain, excluded := compile(f, latest(v1.Restricted)), compile(f, latest(v1.Restricted, exclude...))
	f.Fuzz(func(t *testing.T, text string) {
		object := eval.Object{}
		if err := decodeInto(text, &object); err != nil {
			return
		}
		for kind := range templatesByKind {
			v := plain.Evaluate(object, schema.GroupVersionKind{Kind: kind}, nil)
			if v.Message == "" {
				t.Errorf("%s: %v", kind, v)
			}
			if x := excluded.Evaluate(object, schema.GroupVersionKind{Kind: kind}, nil); v.Result == eval.Pass && x.Result != eval.Pass || (v.Result == eval.Error) != (x.Result == eval.Error) {
				t.Errorf("%s: %v, with exclusions %v", kind, v, x)
			}
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	object := eval.Object{"metadata": map[string]any{"name": "a"}, "spec": decode(b, `
containers:
- {name: a, image: nginx, env: [{name: A, value: b}, {name: B, value: c}], resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m, memory: 1Gi}}, ports: [{containerPort: 80}], volumeMounts: [{name: v, mountPath: /v}], livenessProbe: {httpGet: {path: /, port: 80}}, securityContext: {`+fine+`}}
- {name: b, image: nginx, resources: {limits: {cpu: 1, memory: 1Gi}}, securityContext: {`+fine+`}}
volumes: [{name: v, emptyDir: {}}]
`)}
	for _, level := range []v1.PodSecurityLevel{v1.Baseline, v1.Restricted} {
		check := compile(b, latest(level))
		b.Run(string(level), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v := check.Evaluate(object, podKind, nil); v.Result != eval.Pass {
					b.Fatal(v)
				}
			}
		})
	}
	b.Run("violating", func(b *testing.B) {
		check := compile(b, latest(v1.Restricted))
		bad := eval.Object{"spec": decode(b, "{hostPID: true, containers: [{name: a, image: nginx}]}")}
		b.ReportAllocs()
		for b.Loop() {
			if v := check.Evaluate(bad, podKind, nil); v.Result != eval.Fail {
				b.Fatal(v)
			}
		}
	})
}
