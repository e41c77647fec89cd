package podsecurity

import "k8s.io/pod-security-admission/policy"

// scope is where the fields of a control are.
type scope int

const (
	podOrContainers scope = iota
	podOnly
	containersOnly
)

// control is a control of the standards as exclusions see it.
type control struct {
	scope scope
	// restricted tells that only the level restricted has the control.
	restricted bool
}

// controls are by the names that the standards give them.
var controls = map[string]control{
	"/proc Mount Type":         {scope: containersOnly},
	"AppArmor":                 {},
	"Capabilities":             {scope: containersOnly},
	"Host Namespaces":          {scope: podOnly},
	"Host Ports":               {scope: containersOnly},
	"HostPath Volumes":         {scope: podOnly},
	"HostProcess":              {},
	"Privilege Escalation":     {scope: containersOnly, restricted: true},
	"Privileged Containers":    {scope: containersOnly},
	"Running as Non-root":      {restricted: true},
	"Running as Non-root user": {restricted: true},
	"SELinux":                  {},
	"Seccomp":                  {},
	"Sysctls":                  {scope: podOnly},
	"Volume Types":             {scope: podOnly, restricted: true},
}

// locator finds the fields that violate a check.
type locator struct {
	// control is the name of the control that the check belongs to.
	control string
	find    func(*pod, probe) []violation
	// anonymous tells that a report does not list the images of the containers that violate the check.
	anonymous bool
	// replaces is the check of the level baseline that never fails without this one. Reports have its identity for both.
	replaces policy.CheckID
}

// locators are by the identities of checks. A check that is missing here is judged like every other, only that no field
// is named and nothing excludes it.
var locators = map[policy.CheckID]locator{
	"allowPrivilegeEscalation":  {control: "Privilege Escalation", find: findPrivilegeEscalation},
	"appArmorProfile":           {control: "AppArmor", find: findAppArmor},
	"capabilities_baseline":     {control: "Capabilities", find: findCapabilities},
	"capabilities_restricted":   {control: "Capabilities", find: findCapabilities},
	"hostNamespaces":            {control: "Host Namespaces", find: findHostNamespaces},
	"hostPathVolumes":           {control: "HostPath Volumes", find: findHostPaths},
	"hostPorts":                 {control: "Host Ports", find: findHostPorts, anonymous: true},
	"privileged":                {control: "Privileged Containers", find: findPrivileged},
	"procMount":                 {control: "/proc Mount Type", find: findProcMount},
	"procMount_restricted":      {control: "/proc Mount Type", find: findProcMount, replaces: "procMount"},
	"restrictedVolumes":         {control: "Volume Types", find: findVolumeTypes},
	"runAsNonRoot":              {control: "Running as Non-root", find: findNonRoot},
	"runAsUser":                 {control: "Running as Non-root user", find: findRootUser},
	"seLinuxOptions":            {control: "SELinux", find: findSELinux, anonymous: true},
	"seccompProfile_baseline":   {control: "Seccomp", find: findSeccomp},
	"seccompProfile_restricted": {control: "Seccomp", find: findSeccomp},
	"sysctls":                   {control: "Sysctls", find: findSysctls},
	"windowsHostProcess":        {control: "HostProcess", find: findHostProcess},
}
