package main

// template is a template of Pods.
func (g *generator) template() map[string]any {
	spec := map[string]any{"containers": g.containers()}
	if g.often(2) {
		spec["initContainers"] = g.containers()
	}
	if g.often(3) {
		spec[pick(g, "hostNetwork", "hostPID", "hostIPC")] = pick(g, true, false)
	}
	if g.often(3) {
		spec["securityContext"] = map[string]any{"runAsNonRoot": pick(g, true, false)}
	}
	if g.often(2) {
		spec["volumes"] = []any{map[string]any{"name": "v", pick(g, "hostPath", "emptyDir"): map[string]any{}}}
	}
	meta := map[string]any{}
	if g.often(5) {
		meta["labels"] = map[string]any{"app": pick(g, "web", "a")}
	}
	return map[string]any{"metadata": meta, "spec": spec}
}

func (g *generator) containers() []any {
	out := make([]any, 1+g.IntN(2))
	for i := range out {
		c := map[string]any{"name": string(rune('a' + i)), "image": pick(g, "nginx", "nginx:1.2", "ghcr.io/a/b:v1", "nginx:latest", "localhost:5000/x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")}
		if g.often(4) {
			c["securityContext"] = map[string]any{pick(g, "privileged", "readOnlyRootFilesystem", "runAsNonRoot", "allowPrivilegeEscalation"): pick(g, true, false)}
		}
		if g.often(4) {
			c["resources"] = map[string]any{"limits": map[string]any{pick(g, "cpu", "memory"): pick(g, "1", "500m", "1Gi")}}
		}
		out[i] = c
	}
	return out
}

// controller is a Pod, or what makes Pods of the template.
func (g *generator) controller(template map[string]any) map[string]any {
	kind := pick(g, "Pod", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "ReplicaSet", "ReplicationController")
	group := map[string]string{"Pod": "v1", "ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}[kind]
	if group == "" {
		group = "apps/v1"
	}
	object := map[string]any{"apiVersion": group, "kind": kind, "metadata": map[string]any{}}
	switch kind {
	case "Pod":
		object["spec"] = template["spec"]
		object["metadata"] = template["metadata"]
	case "CronJob":
		object["spec"] = map[string]any{"schedule": "* * * * *", "jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}
	default:
		object["spec"] = map[string]any{"template": template}
	}
	if g.often(2) {
		object["metadata"].(map[string]any)["labels"] = map[string]any{"app": pick(g, "web", "b")}
	}
	return object
}

// autogenCase is a rule on Pods that judges a Pod or what makes Pods.
func (g *generator) autogenCase() (rule, object map[string]any) {
	object = g.controller(g.template())
	demand := map[string]any{"message": pick(g, "m", "{{ request.object.kind }}", "in {{ request.object.metadata.labels.app || 'none' }}", "on {{ request.object.spec.hostNetwork }}", "$(./../pattern/spec/hostNetwork)")}
	switch g.IntN(6) {
	case 0, 1:
		demand["pattern"] = g.podPattern()
	case 2:
		demand["anyPattern"] = []any{
			map[string]any{"spec": map[string]any{"securityContext": map[string]any{"runAsNonRoot": true}}},
			map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "?*"}}},
		}
	case 3:
		demand["deny"] = map[string]any{"conditions": map[string]any{"any": []any{g.podCondition()}}}
	case 4:
		demand["foreach"] = []any{map[string]any{
			"list": pick(g, "request.object.spec.containers", "request.object.spec.[containers, initContainers][]", "request.object.spec.volumes"),
			"deny": map[string]any{"conditions": map[string]any{"any": []any{map[string]any{"key": pick(g, "{{ element.image }}", "{{ element.name }}", "{{ images.containers.\"{{element.name}}\".tag }}"), "operator": pick(g, "Equals", "NotEquals"), "value": pick(g, "*:latest", "nginx", "ghcr.io/*", "latest")}}}},
		}}
	default:
		delete(demand, "message")
		demand["podSecurity"] = g.podSecurity()
	}
	rule = map[string]any{"validate": demand}
	if g.often(2) {
		rule["preconditions"] = map[string]any{"all": []any{g.podCondition()}}
	}
	if g.often(2) {
		rule["annotations"] = map[string]any{"pod-policies.kyverno.io/autogen-controllers": pick(g, "none", "Deployment,CronJob", "DaemonSet", "Deployment, Job", "")}
	}
	if g.often(2) {
		rule["exclude"] = anyOf(map[string]any{"resources": map[string]any{"kinds": []any{pick(g, "Pod", "Deployment")}, pick(g, "namespaces", "names"): []any{pick(g, "x*", "ns1*", "*")}}})
	}
	return rule, object
}

func (g *generator) podPattern() map[string]any {
	return map[string]any{"spec": map[string]any{
		pick(g, "=(hostNetwork)", "=(hostPID)", "X(hostIPC)", "hostNetwork", "(hostPID)", "<(hostNetwork)"): pick[any](g, false, "false", "null"),
		pick(g, "containers", "=(containers)", "^(containers)", "=(initContainers)"):                        []any{map[string]any{pick(g, "image", "(image)", "=(image)", "<(image)"): pick(g, "!*:latest", "*:*", "*", "nginx*"), pick(g, "name", "=(resources)", "=(securityContext)"): "*"}},
	}}
}

func (g *generator) podCondition() map[string]any {
	return map[string]any{
		"key": pick(g, "{{ request.object.spec.containers[].image }}", "{{ images.containers.*.tag }}", "{{ images.containers.*.registry }}", "{{ request.object.spec.hostNetwork || `false` }}",
			"{{ request.object.metadata.labels.app || 'none' }}", "{{ request.object.spec.template.spec.hostPID || `false` }}", "{{ length(request.object.spec.containers) }}", "{{ images.containers.a }}",
			"{{ request.object.metadata.name }}", "{{ request.operation }}", "{{ images.containers.*.digest }}", "{{ request.object.spec.containers[?name=='a'].image | [0] }}"),
		"operator": pick(g, "AnyIn", "AllIn", "AnyNotIn", "Equals", "NotEquals", "GreaterThan"),
		"value":    pick[any](g, []any{"nginx:1.2", "docker.io"}, []any{"latest", "ghcr.io"}, true, "web", 1),
	}
}

func (g *generator) podSecurity() map[string]any {
	p := map[string]any{"level": pick(g, "baseline", "restricted"), "version": pick(g, "latest", "v1.24", "v1.30", "v1.19")}
	if g.often(4) {
		p["exclude"] = []any{pick(g,
			map[string]any{"controlName": "Privileged Containers", "images": []any{pick(g, "nginx*", "*")}},
			map[string]any{"controlName": "Host Namespaces"},
			map[string]any{"controlName": "Running as Non-root", "images": []any{"*"}},
			map[string]any{"controlName": "Running as Non-root", "restrictedField": "spec.securityContext.runAsNonRoot", "values": []any{"false"}},
			map[string]any{"controlName": "Seccomp", "images": []any{"*"}},
			map[string]any{"controlName": "Volume Types"},
			map[string]any{"controlName": "HostPath Volumes"},
			map[string]any{"controlName": "Privilege Escalation", "images": []any{"*"}},
			map[string]any{"controlName": "Capabilities", "images": []any{"ghcr.io/*", "nginx*"}},
		)}
	}
	return p
}
