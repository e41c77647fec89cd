package validation

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// bypassWarnings warns of what whoever writes a resource can get past by choosing a name: a container that is exempt by
// its own, and a registry that only begins like the one that is trusted.
func bypassWarnings(path *field.Path, rule *kyvernov1.Rule) []string {
	var warnings []string
	walkPatterns(path, rule, func(at *field.Path, pattern any) {
		warnings = append(warnings, patternBypasses(at, pattern, false)...)
	})
	walkRuleConditions(path, rule, func(at *field.Path, conditions conditionsField) {
		warnings = append(warnings, conditionBypasses(at, conditions)...)
	})
	if rule.Validate != nil && rule.Validate.PodSecurity != nil {
		warnings = append(warnings, exclusionWarnings(path.Child("validate", "podSecurity", "exclude"), rule.Validate.PodSecurity.Exclude)...)
	}
	for i, verification := range rule.VerifyImages {
		at := path.Child("verifyImages").Index(i)
		warnings = append(warnings, imageWarnings(at.Child("imageReferences"), verification.ImageReferences)...)
		warnings = append(warnings, imageWarnings(at.Child("skipImageReferences"), verification.SkipImageReferences)...)
	}
	return warnings
}

func exclusionWarnings(path *field.Path, exclusions []kyvernov1.PodSecurityExclusion) []string {
	var warnings []string
	for i, exclusion := range exclusions {
		warnings = append(warnings, imageWarnings(path.Index(i).Child("images"), exclusion.Images)...)
	}
	return warnings
}

func imageWarnings(path *field.Path, images []string) []string {
	var warnings []string
	for i, image := range images {
		warnings = append(warnings, registryWarnings(path.Index(i), image)...)
	}
	return warnings
}

// walkPatterns visits every pattern of a validate rule.
func walkPatterns(path *field.Path, rule *kyvernov1.Rule, visit func(*field.Path, any)) {
	if rule.Validate == nil {
		return
	}
	decoded := func(at *field.Path, raw *apiextensionsv1.JSON) {
		var pattern any
		if raw != nil && json.Unmarshal(raw.Raw, &pattern) == nil {
			visit(at, pattern)
		}
	}
	path = path.Child("validate")
	decoded(path.Child("pattern"), rule.Validate.Pattern)
	decoded(path.Child("anyPattern"), rule.Validate.AnyPattern)
	walkForEachValidation(path, rule.Validate.ForEach, func(at *field.Path, element *kyvernov1.ForEachValidation) {
		decoded(at.Child("pattern"), element.Pattern)
		decoded(at.Child("anyPattern"), element.AnyPattern)
	})
}

var anchor = regexp.MustCompile(`^([+<=X^])?\((.+)\)$`)

// withoutAnchor is the field that a key of a pattern is about, and its anchor: "(" for a conditional one, "<" for a global
// one, and so on; empty for none.
func withoutAnchor(key string) (name, modifier string) {
	parts := anchor.FindStringSubmatch(key)
	switch {
	case parts == nil:
		return key, ""
	case parts[1] == "":
		return parts[2], "("
	default:
		return parts[2], parts[1]
	}
}

// patternBypasses looks through a pattern; container says that it is of a container.
func patternBypasses(path *field.Path, pattern any, container bool) []string {
	var warnings []string
	switch pattern := pattern.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(pattern)) {
			name, modifier := withoutAnchor(key)
			at := path.Child(key)
			if container && name == "name" && (modifier == "(" || modifier == "<") && !fitsEverything(pattern[key]) {
				warnings = append(warnings, fmt.Sprintf("%s: whoever writes the Pod chooses the names of its containers, and is exempt by this one: exempt by image, best with its digest, or by who signed it.", at))
			}
			if text, ok := pattern[key].(string); ok && name == "image" {
				warnings = append(warnings, registryWarnings(at, text)...)
			}
			warnings = append(warnings, patternBypasses(at, pattern[key], isContainerList(name))...)
		}
	case []any:
		for i, element := range pattern {
			warnings = append(warnings, patternBypasses(path.Index(i), element, container)...)
		}
	}
	return warnings
}

// fitsEverything tells a value of wildcards alone, which exempts nothing.
func fitsEverything(value any) bool {
	text, ok := value.(string)
	return ok && strings.Trim(text, "*?") == ""
}

func isContainerList(name string) bool {
	return name == "containers" || name == "initContainers" || name == "ephemeralContainers"
}

var (
	elementName = regexp.MustCompile(`^\{\{-?\s*element[0-9]*\.name\s*\}\}$`)
	imageQuery  = regexp.MustCompile(`(?i)\{\{[^}]*(image|registry)`)
)

// conditionBypasses looks through conditions, of which those that skip an element by its name exempt it.
func conditionBypasses(path *field.Path, f conditionsField) []string {
	conditions, older, err := f.decode()
	if err != nil {
		return nil // An error says so.
	}
	var warnings []string
	walkConditions(path, conditions, older, func(at *field.Path, condition *kyvernov1.Condition) {
		var key string
		if condition.Key == nil || condition.Value == nil || json.Unmarshal(condition.Key.Raw, &key) != nil {
			return
		}
		if elementName.MatchString(key) {
			warnings = append(warnings, fmt.Sprintf("%s: whoever writes the resource chooses this name, and is exempt by it: exempt by image, best with its digest, or by who signed it.", at.Child("key")))
		}
		if !imageQuery.MatchString(key) {
			return
		}
		var values []string
		var value string
		switch {
		case json.Unmarshal(condition.Value.Raw, &value) == nil:
			warnings = append(warnings, registryWarnings(at.Child("value"), value)...)
		case json.Unmarshal(condition.Value.Raw, &values) == nil:
			warnings = append(warnings, imageWarnings(at.Child("value"), values)...)
		}
	})
	return warnings
}

// openRegistry is a registry that a wildcard follows directly: good.io* also fits good.io.evil.com and good.io-x.
var openRegistry = regexp.MustCompile(`^[A-Za-z0-9-]+([.:][A-Za-z0-9-]+)+\*`)

func registryWarnings(path *field.Path, patterns string) []string {
	var warnings []string
	for pattern := range strings.FieldsFuncSeq(patterns, func(r rune) bool { return r == '|' || r == '&' }) {
		pattern = strings.TrimLeft(strings.TrimSpace(pattern), "!")
		if open := openRegistry.FindString(pattern); open != "" {
			registry := strings.TrimSuffix(open, "*")
			warnings = append(warnings, fmt.Sprintf("%s: %s also fits %s.evil.com, which anybody may register: write %s/*.", path, open, registry, registry))
		}
	}
	return warnings
}

// statusWarnings warns of a rule on status that changes of the status never reach.
func statusWarnings(rule *kyvernov1.Rule) []string {
	concerned, included := false, false
	walkPatterns(nil, rule, func(_ *field.Path, pattern any) {
		alternatives, several := pattern.([]any)
		if !several {
			alternatives = []any{pattern}
		}
		for _, alternative := range alternatives {
			fields, _ := alternative.(map[string]any)
			for key := range fields {
				name, _ := withoutAnchor(key)
				concerned = concerned || name == "status"
			}
		}
	})
	walkFilters(nil, &rule.Match, func(_ *field.Path, filter *kyvernov1.ResourceFilter) {
		if filter.Resources != nil {
			included = included || slices.ContainsFunc(filter.Resources.Kinds, func(kind string) bool {
				return strings.HasSuffix(kind, "/status") || strings.HasSuffix(kind, ".status") || strings.HasSuffix(kind, "/*")
			})
		}
	})
	if concerned && !included {
		return []string{"You are matching on status but not including the status subresource in the policy."}
	}
	return nil
}
