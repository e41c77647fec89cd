package output

import (
	"time"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// Run is all that there is to show of one application of policies to resources.
type Run struct {
	// Rules, Resources and Exceptions are how many there were.
	Rules, Resources, Exceptions int
	Judgements                   []offline.Judgement
	// Invalid are the policies that could not be evaluated.
	Invalid []offline.Invalid
	// Unsupported are policies of kinds that are not evaluated yet.
	Unsupported []offline.Other
	// Unread are files, or parts of them, that could not be read.
	Unread []error
	// AuditWarn makes failures of rules that only audit warnings.
	AuditWarn bool
	// Detailed asks for messages where they are usually left out.
	Detailed bool
	Now      time.Time
}

// Result is the result of a judgement as it is shown and counted.
func (r *Run) Result(j *offline.Judgement) eval.Result {
	if j.Result == eval.Fail && (!j.Scored || r.AuditWarn && j.Action == eval.Audit) {
		return eval.Warn
	}
	return j.Result
}

// Summary counts results.
type Summary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

// Summary counts the results. What could not be read or is not in order counts as an error each, and a policy that is
// not evaluated yet as a skip.
func (r *Run) Summary() Summary {
	s := Summary{Error: len(r.Invalid) + len(r.Unread), Skip: len(r.Unsupported)}
	for i := range r.Judgements {
		switch r.Result(&r.Judgements[i]) {
		case eval.Pass:
			s.Pass++
		case eval.Fail:
			s.Fail++
		case eval.Warn:
			s.Warn++
		case eval.Error:
			s.Error++
		case eval.Skip:
			s.Skip++
		}
	}
	return s
}
