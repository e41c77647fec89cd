package command

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestListKeepsWhatItHasUnderAllItsNames(t *testing.T) {
	var l list
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VarP(&l, "one", "o", "")
	flags.Var(&l, "two", "")
	if err := flags.Parse([]string{"-o", "a,b", "--two", "c", "--one", `"d,e"`, "--two="}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(l, []string{"a", "b", "c", "d,e"}) {
		t.Errorf("got %q", l)
	}
	if err := flags.Parse([]string{"--two", `"a`}); err == nil {
		t.Error("a quote that is never closed was accepted")
	}
}
