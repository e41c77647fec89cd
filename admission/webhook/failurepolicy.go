package webhook

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// refusals are the decisions that refuse a request: what this package does about failures and errors is decided here
// and nowhere else.
//
// A rule that enforces refuses what it fails. When it could not be evaluated, its policy's failurePolicy decides. A rule
// that audits never refuses, whether it failed or could not be evaluated.
func refusals(decisions []eval.Decision) []eval.Decision {
	var refusing []eval.Decision
	for _, d := range decisions {
		if d.Action != eval.Enforce {
			continue
		}
		if d.Result == eval.Fail || d.Result == eval.Error && d.FailClosed {
			refusing = append(refusing, d)
		}
	}
	return refusing
}

// judged is the answer to a request on which these decisions were made.
func judged(req *eval.Request, decisions []eval.Decision) (answerResponse, error) {
	if len(refusals(decisions)) == 0 {
		return allow(req.UID, warnings(decisions)), nil
	}
	message, err := denial(req, decisions)
	if err != nil {
		return answerResponse{}, err
	}
	return deny(req.UID, message), nil
}

// denial is the message of a refusal. Besides what refuses it names everything else that the enforcing rules found
// wrong, so that one attempt shows all there is to mend.
func denial(req *eval.Request, decisions []eval.Decision) (string, error) {
	failures := map[string]map[string]string{}
	for _, d := range decisions {
		if d.Action != eval.Enforce || !noteworthy(d) {
			continue
		}
		rules := failures[d.Policy.Name]
		if rules == nil {
			rules = map[string]string{}
			failures[d.Policy.Name] = rules
		}
		// A Policy and a ClusterPolicy may share name and rule name.
		if earlier, ok := rules[d.Rule]; ok {
			rules[d.Rule] = earlier + "; " + d.Message
		} else {
			rules[d.Rule] = d.Message
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n\nresource %s/%s/%s was blocked due to the following policies \n\n", req.Kind.Kind, req.Namespace, req.Name)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(failures); err != nil {
		return "", fmt.Errorf("message of a denial: %w", err)
	}
	return text.String(), nil
}

// warnings are what the client of an allowed request is told.
func warnings(decisions []eval.Decision) []string {
	var warnings []string
	for _, d := range decisions {
		if noteworthy(d) && (d.Action == eval.Enforce || d.EmitWarning) {
			warnings = append(warnings, singleLine(fmt.Sprintf("policy %s.%s: %s", d.Policy.Name, d.Rule, d.Message)))
		}
	}
	return warnings
}

func noteworthy(d eval.Decision) bool {
	return d.Result == eval.Fail || d.Result == eval.Error || d.Result == eval.Warn
}
