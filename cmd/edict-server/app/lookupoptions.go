package app

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// LookupOptions are the flags that bound what rules may read, in the roles that evaluate them: admission and background.
type LookupOptions struct {
	// MaxResponseLength is how large the answer to one API call of a rule may be, in bytes.
	MaxResponseLength int64
	// Timeout is how long one API call of a rule may take.
	Timeout time.Duration
}

func newLookupOptions() *LookupOptions {
	return &LookupOptions{MaxResponseLength: 2_000_000, Timeout: 30 * time.Second}
}

func (o *LookupOptions) addFlags(flags *pflag.FlagSet) {
	flags.Int64Var(&o.MaxResponseLength, "max-api-call-response-length", o.MaxResponseLength,
		"How large the answer to an API call of a rule may be, in bytes. A larger one is an error of the rule.")
	flags.DurationVar(&o.Timeout, "api-call-timeout", o.Timeout,
		"How long an API call of a rule may take. In admission it also ends with the request.")
}

func (o *LookupOptions) validate() (errs []error) {
	if o.MaxResponseLength < 1 {
		errs = append(errs, fmt.Errorf("--max-api-call-response-length %d allows no answer: choose a positive number of bytes", o.MaxResponseLength))
	}
	if o.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("--api-call-timeout %s allows no call: choose a positive duration", o.Timeout))
	}
	return errs
}
