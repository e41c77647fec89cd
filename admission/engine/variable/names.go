package variable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// isBuiltIn tells whether a name is always that of data which the engine provides.
func isBuiltIn(name string) bool {
	switch name {
	case "request", "images", "serviceAccountName", "serviceAccountNamespace", "element", "elementIndex":
		return true
	}
	return false
}

// isElement tells whether a name is that of an element or an index of a foreach at some level.
func isElement(name string) bool {
	rest, ok := strings.CutPrefix(name, "element")
	if !ok {
		return false
	}
	rest = strings.TrimPrefix(rest, "Index")
	return strings.Trim(rest, "0123456789") == ""
}

// keywords are names that people write for the values they have in JSON. As names they stand for nothing, which
// compares as null or false do.
var keywords = []string{"null", "true", "false"}

// known is what may be said besides the names of a context, as the message about an unknown name gives it.
const known = `request|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|image|([a-z_0-9]+\()[^{}]`

// CheckNames tells of the first expression whose names are all unknown: they are neither built in nor among names, which
// are those of context entries and of whatever else is there. An expression that also says something known is left
// alone, since a name without data may be meant to give way to an alternative, as in missing || request.name.
func CheckNames(expressions []*jmespath.Expr, names []string) error {
	for _, e := range expressions {
		if isUndefined(e, names) {
			return fmt.Errorf(`variable %s must match regex "%s" or patterns %s`, shorten(e.String()), known, patterns(names))
		}
	}
	return nil
}

func isUndefined(e *jmespath.Expr, names []string) bool {
	undefined := false
	for _, chain := range e.Reads() {
		name := chain[0]
		if isBuiltIn(name) || isElement(name) || name == "image" || name == unknown || slices.Contains(names, name) {
			return false
		}
		undefined = undefined || !slices.Contains(keywords, name)
	}
	return undefined && !e.ReadsRoot() && !strings.Contains(e.String(), "(")
}

// patterns are names as the message about an unknown name gives them.
func patterns(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name + "*"
	}
	return fmt.Sprint(out)
}

// CheckBackground tells of the first expression that scans cannot evaluate: it asks who made the request, or might. So
// does one that takes the request as a whole.
func CheckBackground(expressions []*jmespath.Expr) error {
	for _, e := range expressions {
		if slices.ContainsFunc(e.Reads(), isBanned) {
			return fmt.Errorf("only select variables are allowed in background mode. Set spec.background=false to disable background mode for this policy rule: variable {{%s}} is not allowed ", shorten(e.String()))
		}
	}
	return nil
}

// isBanned tells whether what is read is about who made the request.
func isBanned(chain []string) bool {
	switch chain[0] {
	case "serviceAccountName", "serviceAccountNamespace", unknown:
		return true
	case "request":
		return len(chain) == 1 || slices.Contains([]string{"userInfo", "roles", "clusterRoles", unknown}, chain[1])
	}
	return false
}

// UsesElements tells whether an expression mentions the element or index of a foreach.
func UsesElements(e *jmespath.Expr) bool {
	return slices.ContainsFunc(e.Reads(), func(chain []string) bool { return isElement(chain[0]) })
}
