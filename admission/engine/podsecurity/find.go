package podsecurity

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// settings are what Pods and containers alike can set; what is not set is nil.
type settings struct {
	container container
	seLinux   *corev1.SELinuxOptions
	seccomp   *corev1.SeccompProfile
	appArmor  *corev1.AppArmorProfile
	windows   *corev1.WindowsSecurityContextOptions
	nonRoot   *bool
	user      *int64
}

// settings are those of the Pod, if it has any, and of its containers.
func (p *pod) settings() []settings {
	var all []settings
	if sc := p.spec.SecurityContext; sc != nil {
		all = append(all, settings{
			seLinux: sc.SELinuxOptions, seccomp: sc.SeccompProfile, appArmor: sc.AppArmorProfile, windows: sc.WindowsOptions,
			nonRoot: sc.RunAsNonRoot, user: sc.RunAsUser,
		})
	}
	p.visit(func(c container) {
		s := settings{container: c}
		if sc := c.SecurityContext; sc != nil {
			s.seLinux, s.seccomp, s.appArmor, s.windows = sc.SELinuxOptions, sc.SeccompProfile, sc.AppArmorProfile, sc.WindowsOptions
			s.nonRoot, s.user = sc.RunAsNonRoot, sc.RunAsUser
		}
		all = append(all, s)
	})
	return all
}

func findPrivilegeEscalation(p *pod, _ probe) []violation {
	const path = "securityContext.allowPrivilegeEscalation"
	var found []violation
	p.visit(func(c container) {
		switch sc := c.SecurityContext; {
		case sc == nil:
			found = append(found, required(c, path))
		case sc.AllowPrivilegeEscalation == nil:
			found = append(found, forbidden(c, path, "nil"))
		case *sc.AllowPrivilegeEscalation:
			found = append(found, forbidden(c, path, "true"))
		}
	})
	return found
}

func findAppArmor(p *pod, ask probe) []violation {
	var found []violation
	for _, s := range p.settings() {
		if s.appArmor != nil && ask.deniesPod(&corev1.PodSecurityContext{AppArmorProfile: s.appArmor}) {
			found = append(found, forbidden(s.container, "securityContext.appArmorProfile.type", string(s.appArmor.Type)))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.metadata.Annotations)) {
		if value := p.metadata.Annotations[key]; ask.deniesAnnotation(key, value) {
			found = append(found, violation{path: "annotations[" + key + "]", metadata: true, values: []string{value}})
		}
	}
	return found
}

// findCapabilities lists first which containers do not drop what they must, then which add what they may not.
func findCapabilities(p *pod, ask probe) []violation {
	var kept, added []violation
	p.visit(func(c container) {
		capabilities := &corev1.Capabilities{}
		set := c.SecurityContext != nil && c.SecurityContext.Capabilities != nil
		if set {
			capabilities = c.SecurityContext.Capabilities
		}
		if ask.deniesCapabilities(capabilities.Drop, nil) {
			v := required(c, "securityContext.capabilities.drop")
			if set && len(capabilities.Drop) > 0 {
				v = forbiddenElements(c, v.path, sortedUnique(capabilities.Drop))
			}
			kept = append(kept, v)
		}
		var denied []corev1.Capability
		for _, capability := range capabilities.Add {
			if ask.deniesCapabilities([]corev1.Capability{"ALL"}, []corev1.Capability{capability}) {
				denied = append(denied, capability)
			}
		}
		if len(denied) > 0 {
			v := forbiddenElements(c, "securityContext.capabilities.add", sortedUnique(denied))
			v.cause = 1
			added = append(added, v)
		}
	})
	return append(kept, added...)
}

func (p probe) deniesCapabilities(drop, add []corev1.Capability) bool {
	return p.deniesContainer(&corev1.SecurityContext{Capabilities: &corev1.Capabilities{Drop: drop, Add: add}})
}

func findHostNamespaces(p *pod, _ probe) []violation {
	var found []violation
	for _, namespace := range []struct {
		field string
		set   bool
	}{{"hostNetwork", p.spec.HostNetwork}, {"hostPID", p.spec.HostPID}, {"hostIPC", p.spec.HostIPC}} {
		if namespace.set {
			found = append(found, forbidden(container{}, namespace.field, "true"))
		}
	}
	return found
}

func findHostPaths(p *pod, _ probe) []violation {
	var found []violation
	for i := range p.spec.Volumes {
		if hostPath := p.spec.Volumes[i].HostPath; hostPath != nil {
			found = append(found, forbidden(container{}, indexed("volumes", i, "hostPath"), hostPath.Path))
		}
	}
	return found
}

func findHostPorts(p *pod, _ probe) []violation {
	var found []violation
	p.visit(func(c container) {
		for i := range c.Ports {
			if port := c.Ports[i].HostPort; port != 0 {
				found = append(found, forbidden(c, indexed("ports", i, "hostPort"), strconv.Itoa(int(port))))
			}
		}
	})
	return found
}

func findPrivileged(p *pod, _ probe) []violation {
	var found []violation
	p.visit(func(c container) {
		if sc := c.SecurityContext; sc != nil && sc.Privileged != nil && *sc.Privileged {
			found = append(found, forbidden(c, "securityContext.privileged", "true"))
		}
	})
	return found
}

func findProcMount(p *pod, ask probe) []violation {
	var found []violation
	p.visit(func(c container) {
		if sc := c.SecurityContext; sc != nil && sc.ProcMount != nil && ask.deniesContainer(&corev1.SecurityContext{ProcMount: sc.ProcMount}) {
			found = append(found, forbidden(c, "securityContext.procMount", string(*sc.ProcMount)))
		}
	})
	return found
}

func findVolumeTypes(p *pod, ask probe) []violation {
	var found []violation
	for i := range p.spec.Volumes {
		if kind := ask.volumeType(p.spec.Volumes[i].VolumeSource); kind != "" {
			found = append(found, violation{path: indexed("volumes", i, kind)})
		}
	}
	return found
}

// findNonRoot lists first what says that root may be, then the containers for which nothing is said.
func findNonRoot(p *pod, _ probe) []violation {
	const path = "securityContext.runAsNonRoot"
	said := p.spec.SecurityContext != nil && p.spec.SecurityContext.RunAsNonRoot != nil && *p.spec.SecurityContext.RunAsNonRoot
	var explicit, implicit []violation
	for _, s := range p.settings() {
		switch {
		case s.nonRoot != nil && !*s.nonRoot:
			explicit = append(explicit, forbidden(s.container, path, "false"))
		case s.nonRoot == nil && s.container.Container != nil && !said:
			v := required(s.container, path)
			v.cause = 1
			implicit = append(implicit, v)
		}
	}
	return append(explicit, implicit...)
}

func findRootUser(p *pod, _ probe) []violation {
	var found []violation
	for _, s := range p.settings() {
		if s.user != nil && *s.user == 0 {
			found = append(found, forbidden(s.container, "securityContext.runAsUser", "0"))
		}
	}
	return found
}

func findSELinux(p *pod, ask probe) []violation {
	var found []violation
	for _, s := range p.settings() {
		if s.seLinux == nil {
			continue
		}
		for _, option := range []struct {
			name, value string
			alone       corev1.SELinuxOptions
		}{
			{"type", s.seLinux.Type, corev1.SELinuxOptions{Type: s.seLinux.Type}},
			{"user", s.seLinux.User, corev1.SELinuxOptions{User: s.seLinux.User}},
			{"role", s.seLinux.Role, corev1.SELinuxOptions{Role: s.seLinux.Role}},
		} {
			if ask.deniesPod(&corev1.PodSecurityContext{SELinuxOptions: &option.alone}) {
				found = append(found, forbidden(s.container, "securityContext.seLinuxOptions."+option.name, option.value))
			}
		}
	}
	return found
}

// findSeccomp lists profiles that are denied, and only where there are none the containers that lack one they must have.
func findSeccomp(p *pod, ask probe) []violation {
	const path = "securityContext.seccompProfile.type"
	var bad, missing []violation
	podSet := false
	for _, s := range p.settings() {
		ofPod := s.container.Container == nil
		switch {
		case s.seccomp != nil && ask.deniesPod(&corev1.PodSecurityContext{SeccompProfile: s.seccomp}):
			bad = append(bad, forbidden(s.container, path, string(s.seccomp.Type)))
		case s.seccomp != nil:
			podSet = podSet || ofPod
		case !ofPod && !podSet && ask.deniesContainer(nil):
			missing = append(missing, required(s.container, path))
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return missing
}

func findSysctls(p *pod, ask probe) []violation {
	if p.spec.SecurityContext == nil {
		return nil
	}
	var found []violation
	for i, sysctl := range p.spec.SecurityContext.Sysctls {
		if ask.deniesPod(&corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{sysctl}}) {
			found = append(found, forbidden(container{}, indexed("securityContext.sysctls", i, "name"), sysctl.Name))
		}
	}
	return found
}

func findHostProcess(p *pod, _ probe) []violation {
	var found []violation
	for _, s := range p.settings() {
		if s.windows != nil && s.windows.HostProcess != nil && *s.windows.HostProcess {
			found = append(found, forbidden(s.container, "securityContext.windowsOptions.hostProcess", "true"))
		}
	}
	return found
}

func indexed(list string, i int, field string) string {
	return list + "[" + strconv.Itoa(i) + "]." + field
}

// sortedUnique copies a list, sorted and without duplicates.
func sortedUnique(list []corev1.Capability) []string {
	out := make([]string, len(list))
	for i, capability := range list {
		out[i] = string(capability)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
