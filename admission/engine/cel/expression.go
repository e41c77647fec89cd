package cel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// maxExpression bounds the characters of one expression, maxTotal those of all expressions of a rule.
	maxExpression = 1 << 16
	maxTotal      = 1 << 18
	// maxIssues bounds how many issues of one expression are listed.
	maxIssues = 10
)

// expression is a compiled expression.
type expression struct {
	text    string
	program cel.Program
}

// compiler compiles the expressions of one rule.
type compiler struct {
	env   *cel.Env
	total int
	// loose tells that the types of expressions are not known, for a variable is wrong.
	loose bool
	errs  field.ErrorList
}

// compile returns nil, and says why, when the text is no expression of one of the types.
func (c *compiler) compile(text string, path *field.Path, accepted ...*cel.Type) (*expression, *cel.Type) {
	refuse := func(detail string, args ...any) (*expression, *cel.Type) {
		c.errs = append(c.errs, field.Invalid(path, text, fmt.Sprintf(detail, args...)))
		return nil, nil
	}
	c.total += len(text)
	switch {
	case strings.TrimSpace(text) == "":
		c.errs = append(c.errs, field.Required(path, "write a CEL expression"))
		return nil, nil
	case len(text) > maxExpression:
		c.errs = append(c.errs, field.TooLong(path, "", maxExpression))
		return nil, nil
	case c.total > maxTotal:
		c.errs = append(c.errs, field.Forbidden(path, fmt.Sprintf("the CEL expressions of a rule may not have more than %d characters together", maxTotal)))
		return nil, nil
	}
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		return refuse("%s", describe(issues))
	}
	is := func(t *cel.Type) bool { return ast.OutputType().IsExactType(t) }
	if len(accepted) > 0 && !c.loose && !slices.ContainsFunc(accepted, is) {
		names := make([]string, len(accepted))
		for i, t := range accepted {
			names[i] = t.String()
		}
		return refuse("must evaluate to %s but got %s%s", strings.Join(names, " or "), ast.OutputType(), hint(ast.OutputType(), accepted[0]))
	}
	program, err := newProgram(c.env, ast)
	if err != nil {
		return refuse("%v", err)
	}
	return &expression{text: text, program: program}, ast.OutputType()
}

// hint tells what to do about a value whose type is known only when the expression is evaluated.
func hint(got, wanted *cel.Type) string {
	if !got.IsExactType(cel.DynType) {
		return ""
	}
	return fmt.Sprintf("; write %s(…) around what has no type of its own", wanted)
}

// describe lists issues, each with its line and column, both counted from one.
func describe(issues *cel.Issues) string {
	var list []string
	for i, issue := range issues.Errors() {
		if i == maxIssues {
			list = append(list, fmt.Sprintf("and %d more", len(issues.Errors())-i))
			break
		}
		message := fmt.Sprintf("line %d, column %d: %s", issue.Location.Line(), issue.Location.Column()+1, issue.Message)
		if strings.Contains(issue.Message, "undeclared reference to 'authorizer'") {
			message += "; what users may do is not told to policies, so leave the authorizer out"
		}
		list = append(list, message)
	}
	return strings.Join(list, "; ")
}
