package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/test/corpus"
)

func TestCorpus(t *testing.T) {
	corpus.Each(t, func(t *testing.T, c *corpus.Case) {
		var programs []*engine.Program
		var refused []string
		for _, policy := range c.Policies {
			p, errs := engine.Compile(policy)
			programs = append(programs, p)
			for _, err := range append(errs, p.Unsupported()...) {
				refused = append(refused, err.Field)
			}
		}
		var exceptions []*engine.Exception
		for _, e := range c.Exceptions {
			compiled, errs := engine.CompileException(e)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			exceptions = append(exceptions, compiled)
		}
		if diff := cmp.Diff(c.Expected.Refused, refused); diff != "" {
			t.Fatalf("refused fields differ (-want +got):\n%s", diff)
		}
		if len(refused) > 0 {
			return
		}
		set := engine.NewExceptions(exceptions)
		var got []corpus.Row
		for _, req := range c.Requests {
			for _, d := range engine.Evaluate(engine.Input{Programs: programs, Exceptions: set, Request: req, Lookup: &c.Lookup}) {
				got = append(got, corpus.RowOf(req, &d))
			}
		}
		c.Compare(t, got)
	})
}
