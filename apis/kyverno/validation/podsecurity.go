package validation

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// subject is what a control of the Pod Security Standards looks at.
type subject int

const (
	podOrContainers subject = iota
	podOnly
	containersOnly
)

// control is a control of the Pod Security Standards.
type control struct {
	subject subject
	// restricted says that only the level restricted has the control.
	restricted bool
}

// controls are the controls of the Pod Security Standards by the names that the standards give them.
var controls = map[string]control{
	"AppArmor":                 {},
	"Capabilities":             {subject: containersOnly},
	"Host Namespaces":          {subject: podOnly},
	"Host Ports":               {subject: containersOnly},
	"HostPath Volumes":         {subject: podOnly},
	"HostProcess":              {},
	"Privilege Escalation":     {subject: containersOnly, restricted: true},
	"Privileged Containers":    {subject: containersOnly},
	"Running as Non-root":      {restricted: true},
	"Running as Non-root user": {restricted: true},
	"SELinux":                  {},
	"Seccomp":                  {},
	"Sysctls":                  {subject: podOnly},
	"Volume Types":             {subject: podOnly, restricted: true},
	"/proc Mount Type":         {subject: containersOnly},
}

var podSecurityVersion = regexp.MustCompile(`^(latest|v1\.(0|[1-9][0-9]*))$`)

// checkPodSecurity checks the podSecurity of the rule at path.
func checkPodSecurity(rule *field.Path, security *kyvernov1.PodSecurity) field.ErrorList {
	var errs field.ErrorList
	path := rule.Child("validate", "podSecurity")
	// Suites compare this path, which leaves validate out.
	exclude := rule.Child("podSecurity", "exclude")
	if security.Level == "" {
		errs = append(errs, field.Required(path.Child("level"), "say privileged, baseline or restricted"))
	}
	errs = append(errs, oneOfValues(path.Child("level"), security.Level, kyvernov1.Privileged, kyvernov1.Baseline, kyvernov1.Restricted)...)
	if security.Version != "" && !podSecurityVersion.MatchString(security.Version) {
		errs = append(errs, field.Invalid(path.Child("version"), security.Version, "say latest, or a version such as v1.31"))
	}
	for i := range security.Exclude {
		errs = append(errs, checkPodSecurityExclusion(exclude.Index(i), &security.Exclude[i], security.Level)...)
	}
	return errs
}

func checkPodSecurityExclusion(path *field.Path, exclusion *kyvernov1.PodSecurityExclusion, level kyvernov1.PodSecurityLevel) field.ErrorList {
	var errs field.ErrorList
	name := path.Child("controlName")
	control, known := controls[exclusion.ControlName]
	switch {
	case exclusion.ControlName == "":
		errs = append(errs, field.Required(name, "name a control of the Pod Security Standards, such as Host Namespaces"))
	case !known:
		errs = append(errs, field.NotSupported(name, exclusion.ControlName, sets.List(sets.KeySet(controls))))
	case control.restricted && level == kyvernov1.Baseline:
		errs = append(errs, field.Invalid(name, exclusion.ControlName, "the level baseline does not have this control: remove the exclusion, or raise the level to restricted"))
	}
	// Suites compare the beginnings of these messages.
	if control.subject == containersOnly && len(exclusion.Images) == 0 {
		errs = append(errs, field.Required(path.Child("images"), fmt.Sprintf(
			"exclude.images must be specified, for the control %s looks at containers: name the images that are excluded; * means all", exclusion.ControlName)))
	}
	if control.subject == podOnly && len(exclusion.Images) > 0 {
		errs = append(errs, field.Forbidden(path.Child("images"), fmt.Sprintf(
			"exclude.images must not be specified, for the control %s looks at the Pod and not at containers: remove the images", exclusion.ControlName)))
	}
	if exclusion.RestrictedField != "" && len(exclusion.Values) == 0 {
		errs = append(errs, field.Required(path.Child("values"), "values is required: say which values of restrictedField are excluded, or remove restrictedField"))
	}
	if exclusion.RestrictedField == "" && len(exclusion.Values) > 0 {
		errs = append(errs, field.Required(path.Child("restrictedField"), "restrictedField is required: say of which field the values are excluded, or remove values"))
	}
	return errs
}
