package cel

import (
	"regexp"

	"github.com/google/cel-go/cel"
	"k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxVariables bounds the variables of a rule, and with it how deep they can lead into each other.
const maxVariables = 100

// variable is an expression under a name.
type variable struct {
	name string
	*expression
}

var (
	identifier = regexp.MustCompile(`^[_a-zA-Z][_a-zA-Z0-9]*$`)
	reserved   = sets.New("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if",
		"import", "let", "loop", "package", "namespace", "return", "var", "void", "while")
)

// compileVariables compiles variables in their order; each sees those before it.
func (c *compiler) compileVariables(list []v1.Variable, declared variableTypes, path *field.Path) []variable {
	if len(list) > maxVariables {
		c.errs = append(c.errs, field.TooMany(path, len(list), maxVariables))
		return nil
	}
	var out []variable
	for i, v := range list {
		at := path.Index(i)
		_, taken := declared.byName[v.Name]
		switch {
		case v.Name == "":
			c.errs = append(c.errs, field.Required(at.Child("name"), "name the variable"))
		case !identifier.MatchString(v.Name) || reserved.Has(v.Name):
			c.errs = append(c.errs, field.Invalid(at.Child("name"), v.Name, "is no name for a variable in CEL; write letters, digits and _, no digit first, and no reserved word"))
		case taken:
			c.errs = append(c.errs, field.Duplicate(at.Child("name"), v.Name))
		}
		e, kind := c.compile(v.Expression, at.Child("expression"))
		if e == nil {
			// Whether what it is used for is right cannot be told.
			kind, c.loose = cel.DynType, true
		}
		declared.byName[v.Name] = variableType(kind)
		out = append(out, variable{name: v.Name, expression: e})
	}
	return out
}
