package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// Status is what came of a row.
type Status string

const (
	Passed Status = "Pass"
	Failed Status = "Fail"
	// Skipped rows are of policies that are not in order. They count as passed, unless the run is strict.
	Skipped Status = "Skip"
	// NotYet rows need what is not evaluated yet. They count as neither.
	NotYet Status = "Not yet"
)

// The reasons of rows, for programs too.
const (
	reasonOk       = "Ok"
	reasonExcluded = "Excluded"
	reasonNotFound = "Not found"
	reasonInvalid  = "Invalid Policy"
	reasonNotYet   = "Not evaluated yet"
)

// Row is what came of one expectation, for one resource and one rule.
type Row struct {
	Policy, Rule string
	// Resource is apiVersion/Kind/namespace/name.
	Resource string
	Status   Status
	// Evaluated tells that a rule gave an answer.
	Evaluated bool
	// Want and Got are what was to be answered, and what was; Got is empty when nothing was.
	Want, Got eval.Result
	Reason    string
	// Message is for people: what the rule said, or why there was no answer.
	Message string
	// Needs is the feature that is missing in a NotYet row.
	Needs string
	// File is where the expectation stands, and Line in a Failed row the line.
	File string
	Line int
}

// candidate is a resource as expectations know it: all that have the same kind, namespace and name are one.
type candidate struct {
	apiVersion, kind, namespace, name string
}

// String has an empty part for what is in no namespace: people's scripts count them.
func (c *candidate) String() string {
	return strings.Join([]string{c.apiVersion, c.kind, c.namespace, c.name}, "/")
}

func (c *candidate) named(name string) bool { return name == c.name || name == c.namespace+"/"+c.name }

func (c *candidate) fits(spec *ResourceSpec) bool {
	group, version, grouped := strings.Cut(c.apiVersion, "/")
	if !grouped {
		group, version = "", group
	}
	return spec.Group == group && spec.Version == version && spec.Namespace == c.namespace && spec.Name == c.name
}

func candidateOf(r *offline.Resource) candidate {
	return candidate{r.Kind.GroupVersion().String(), r.Kind.Kind, r.Namespace, r.Name}
}

// judged is a suite after the evaluation.
type judged struct {
	*loaded
	candidates []candidate
	// answers of the rules for a candidate by the operation that was asked for, which is empty for the default.
	answers map[eval.Operation]map[candidate][]offline.Judgement
	missing map[string]*missing
	invalid map[string][]error
}

// selected returns the candidates that an expectation is about: those that it names, once for each time, or all when it
// names none that there is.
func (j *judged) selected(r *Result) []candidate {
	var found []candidate
	for _, name := range r.Resources {
		for _, c := range j.candidates {
			if c.named(name) {
				found = append(found, c)
			}
		}
	}
	if len(r.Resources) > 0 {
		for i := range r.ResourceSpecs {
			for _, c := range j.candidates {
				if c.fits(&r.ResourceSpecs[i]) && !slices.Contains(found, c) {
					found = append(found, c)
				}
			}
		}
	}
	if len(found) == 0 {
		return j.candidates
	}
	return found
}

// concerns tells whether an expectation about a rule is one about an evaluated rule: itself, or one derived from it.
func concerns(expected, evaluated string) bool {
	return expected == "" || evaluated == expected || evaluated == "autogen-"+expected || evaluated == "autogen-cronjob-"+expected
}

// rows compares an expectation with the answers.
func (j *judged) rows(r *Result) []Row {
	blank := Row{Policy: r.Policy, Rule: r.Rule, Want: r.Result, File: j.File}
	var rows []Row
	for _, c := range j.selected(r) {
		row := blank
		row.Resource = c.String()
		rows = append(rows, j.compare(row, r.policyName(), r, c)...)
	}
	if len(rows) == 0 {
		rows = []Row{blank}
		rows[0].Status, rows[0].Reason, rows[0].Message = Failed, reasonNotFound, "the suite has no resources"
	}
	if needs := j.needs(r.policyName(), r); needs != "" {
		for i := range rows {
			rows[i] = notYet(rows[i], needs)
		}
	}
	return rows
}

func notYet(row Row, needs string) Row {
	row.Status, row.Needs, row.Reason, row.Message = NotYet, needs, reasonNotYet, needs+" is not evaluated yet"
	return row
}

func (j *judged) compare(row Row, policy string, r *Result, c candidate) []Row {
	var rows []Row
	for _, answer := range j.answers[r.Operation][c] {
		if answer.Decision.Policy.Name != policy || !concerns(r.Rule, answer.Rule) {
			continue
		}
		if needs := j.missing[policy].of(answer.Rule); needs != "" {
			row := row
			row.Rule = answer.Rule
			rows = append(rows, notYet(row, needs))
			continue
		}
		rows = append(rows, answered(row, &answer))
	}
	if len(rows) == 0 {
		return []Row{j.unanswered(row, policy, r)}
	}
	return rows
}

// needs returns the feature without which an expectation cannot be compared. Where resources would be changed before
// they are judged, none can.
func (j *judged) needs(policy string, r *Result) string {
	needs := j.missing[policy].of(r.Rule)
	switch {
	case needs != "":
		return needs
	case mutates(j.missing), r.PatchedResources != "":
		return mutate
	case r.GeneratedResource != "" || len(r.GeneratedResources) > 0:
		return "generate"
	}
	return ""
}

// answered compares with the answer of a rule.
func answered(row Row, answer *offline.Judgement) Row {
	row.Rule, row.Evaluated, row.Message = answer.Rule, true, answer.Message
	row.Got = answer.Result
	if row.Got == eval.Fail && !answer.Scored {
		row.Got = eval.Warn
	}
	row.Status, row.Reason = Passed, reasonOk
	if row.Got != row.Want {
		row.Status, row.Reason = Failed, fmt.Sprintf("Want %s, got %s", row.Want, row.Got)
	}
	return row
}

// unanswered is the row where no rule gave an answer.
func (j *judged) unanswered(row Row, policy string, r *Result) Row {
	if errs, ok := j.invalid[policy]; ok {
		row.Message = errors.Join(errs...).Error()
		row.Status, row.Reason = Failed, reasonInvalid
		if !slices.ContainsFunc(errs, unreadable) {
			row.Status = Skipped
		}
		return row
	}
	i := slices.IndexFunc(j.policies.Valid, func(p *offline.Policy) bool { return p.Object.GetName() == policy })
	if i < 0 {
		row.Status, row.Reason = Failed, reasonNotFound
		row.Message = fmt.Sprintf("the suite has no policy %s", policy)
		return row
	}
	row.Status, row.Reason = Passed, reasonExcluded
	row.Message = "nothing was evaluated: no rule of the policy concerns the resource"
	switch {
	case r.Rule != "" && !hasRule(j.policies.Valid[i], r.Rule):
		row.Message = fmt.Sprintf("nothing was evaluated: the policy has no rule %s", r.Rule)
	case r.Rule != "":
		row.Message = "nothing was evaluated: the rule does not concern the resource"
	}
	return row
}

// unreadable tells that a policy could not even be decoded.
func unreadable(err error) bool {
	var invalid *field.Error
	return !errors.As(err, &invalid)
}

func hasRule(p *offline.Policy, name string) bool {
	for _, rule := range append(p.Object.PolicySpec().Rules, p.Program.AutogenRules()...) {
		if concerns(name, rule.Name) {
			return true
		}
	}
	return false
}

// strict makes a row that passed without an evaluation a failure. A resource of another kind than the expectation speaks
// of, which only has the same name as one that was evaluated, is none that anybody expected something of.
func (row *Row) strict(namesake bool) {
	switch {
	case row.Status == NotYet, row.Status == Skipped, row.Status == Passed && !row.Evaluated && !namesake:
		row.Status = Failed
	}
}
