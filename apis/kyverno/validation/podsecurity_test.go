package validation

import "testing"

func TestPodSecurity(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"valid": {rule: matchPods + `
validate:
  podSecurity:
    level: restricted
    version: v1.31
    exclude:
    - {controlName: Capabilities, images: ["*"], restrictedField: "spec.containers[*].securityContext.capabilities.drop", values: [ALL]}
    - {controlName: Volume Types}
    - {controlName: Seccomp, images: [a]}
    - {controlName: Seccomp}`},
		"incomplete": {
			rule: matchPods + "validate: {podSecurity: {version: 1.31, exclude: [{controlName: ''}]}}",
			want: []string{
				`spec.rules[0].validate.podSecurity.level: Required value: say privileged, baseline or restricted`,
				`spec.rules[0].validate.podSecurity.version: Invalid value: "1.31": say latest, or a version such as v1.31`,
				`spec.rules[0].podSecurity.exclude[0].controlName: Required value: name a control of the Pod Security Standards, such as Host Namespaces`,
			},
		},
		"unknown words": {
			rule: matchPods + "validate: {podSecurity: {level: strict, exclude: [{controlName: Host Network}]}}",
			want: []string{
				`spec.rules[0].validate.podSecurity.level: Unsupported value: "strict": supported values: "privileged", "baseline", "restricted"`,
				`spec.rules[0].podSecurity.exclude[0].controlName: Unsupported value: "Host Network": supported values: "/proc Mount Type", "AppArmor", "Capabilities", "Host Namespaces", "Host Ports", "HostPath Volumes", "HostProcess", "Privilege Escalation", "Privileged Containers", "Running as Non-root", "Running as Non-root user", "SELinux", "Seccomp", "Sysctls", "Volume Types"`,
			},
		},
		"exclusions that do not fit their control": {
			rule: matchPods + `
validate:
  podSecurity:
    level: baseline
    exclude:
    - {controlName: Host Ports}
    - {controlName: Sysctls, images: [a]}
    - {controlName: Running as Non-root}
    - {controlName: HostProcess, restrictedField: a}
    - {controlName: HostProcess, values: [a]}`,
			want: []string{
				`spec.rules[0].podSecurity.exclude[0].images: Required value: exclude.images must be specified, for the control Host Ports looks at containers: name the images that are excluded; * means all`,
				`spec.rules[0].podSecurity.exclude[1].images: Forbidden: exclude.images must not be specified, for the control Sysctls looks at the Pod and not at containers: remove the images`,
				`spec.rules[0].podSecurity.exclude[2].controlName: Invalid value: "Running as Non-root": the level baseline does not have this control: remove the exclusion, or raise the level to restricted`,
				`spec.rules[0].podSecurity.exclude[3].values: Required value: values is required: say which values of restrictedField are excluded, or remove restrictedField`,
				`spec.rules[0].podSecurity.exclude[4].restrictedField: Required value: restrictedField is required: say of which field the values are excluded, or remove values`,
			},
		},
	})
}
