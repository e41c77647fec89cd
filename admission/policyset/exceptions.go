package policyset

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// everyNamespace as Config.ExceptionNamespace honours the exceptions of all namespaces.
const everyNamespace = "*"

// exceptions are those that are honoured. They are immutable; nil is none.
type exceptions struct {
	compiled map[types.UID]compiledException
	// admission and background are those for requests and those for scans.
	admission, background *engine.Exceptions
}

// compiledException is an exception at one revision, and what it was compiled into: nil when it has errors.
type compiledException struct {
	object   *v2.PolicyException
	compiled *engine.Exception
}

// readExceptions compiles what the informer holds now, and returns the earlier ones where nothing has changed. Whoever may
// write exceptions in some namespace must not exempt himself from the policies of all, so those of other namespaces than
// the one that was chosen are never looked at (K07).
func (s *Set) readExceptions(ctx context.Context, earlier *exceptions) (*exceptions, error) {
	if s.exceptions == nil {
		return nil, nil
	}
	next := &exceptions{compiled: map[types.UID]compiledException{}}
	changed := earlier == nil
	for _, object := range s.exceptions.GetStore().List() {
		exception, ok := object.(*v2.PolicyException)
		if !ok {
			return nil, fmt.Errorf("the informer of exceptions holds a %T", object)
		}
		if s.exceptionNamespace != everyNamespace && exception.Namespace != s.exceptionNamespace {
			continue
		}
		var known compiledException
		if earlier != nil {
			known = earlier.compiled[exception.UID]
		}
		if known.object != exception {
			compiled, errs := engine.CompileException(exception)
			if len(errs) > 0 {
				klog.FromContext(ctx).Error(errs.ToAggregate(), "A stored exception has errors and exempts nothing", "exception", klog.KObj(exception))
			}
			known, changed = compiledException{exception, compiled}, true
		}
		next.compiled[exception.UID] = known
	}
	if !changed && len(next.compiled) == len(earlier.compiled) {
		return earlier, nil
	}
	next.index()
	return next, nil
}

// index puts them together in the order of their names, so that answers do not depend on that of a map.
func (e *exceptions) index() {
	var admission, background []*engine.Exception
	for _, c := range slices.SortedFunc(maps.Values(e.compiled), func(a, b compiledException) int {
		return cmp.Or(cmp.Compare(a.object.Namespace, b.object.Namespace), cmp.Compare(a.object.Name, b.object.Name))
	}) {
		if c.compiled == nil {
			continue
		}
		admission = append(admission, c.compiled)
		if c.object.Spec.Background == nil || *c.object.Spec.Background {
			background = append(background, c.compiled)
		}
	}
	e.admission, e.background = engine.NewExceptions(admission), engine.NewExceptions(background)
}

// exceptionsInformer is the informer that exceptions come from, or nil when none are honoured: by default, and when no
// namespace is chosen.
func exceptionsInformer(config Config) cache.SharedIndexInformer {
	if config.ExceptionNamespace == "" {
		return nil
	}
	return config.Exceptions
}

func (e *exceptions) forAdmission() *engine.Exceptions {
	if e == nil {
		return nil
	}
	return e.admission
}

func (e *exceptions) forBackground() *engine.Exceptions {
	if e == nil {
		return nil
	}
	return e.background
}
