package app

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/edict-dev/edict/registry/kyverno/policyexception"
)

// ExceptionOptions are the flags that say which PolicyExceptions are applied. All roles have them: api tells of each
// exception whether it is applied, admission and background apply it.
type ExceptionOptions struct {
	// EnablePolicyException has exceptions applied at all.
	EnablePolicyException bool
	// ExceptionNamespace is the only namespace whose exceptions are applied, or * for all. Empty is none.
	ExceptionNamespace string
}

func (o *ExceptionOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.EnablePolicyException, "enable-policy-exception", o.EnablePolicyException,
		"Apply PolicyExceptions, those of --exception-namespace. Give it to all roles alike.")
	flags.StringVar(&o.ExceptionNamespace, "exception-namespace", o.ExceptionNamespace,
		"The namespace whose PolicyExceptions are applied: whoever may write them there can exempt from every policy. * means all "+
			"namespaces, and nothing means none.")
}

func (o *ExceptionOptions) validate() []error {
	if o.ExceptionNamespace == "" || o.ExceptionNamespace == policyexception.EveryNamespace {
		return nil
	}
	if problems := validation.IsDNS1123Label(o.ExceptionNamespace); len(problems) > 0 {
		return []error{fmt.Errorf("--exception-namespace %q names no namespace: name one, or write * for all", o.ExceptionNamespace)}
	}
	return nil
}

func (o *ExceptionOptions) config() policyexception.Settings {
	return policyexception.Settings{Enabled: o.EnablePolicyException, Namespace: o.ExceptionNamespace}
}
