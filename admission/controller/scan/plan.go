package scan

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// plan says which kinds are scanned and by what. It is not changed once it is made.
type plan struct {
	programs   map[*engine.Program]bool
	exceptions *engine.Exceptions
	kinds      map[schema.GroupKind][]view
	// blind holds the groups of which it is not known what they serve.
	blind map[string]bool
}

// view is a kind in one of the versions that it is served in, and the programs that judge it in that version.
type view struct {
	watch    *watch
	programs []*engine.Program
}

// newPlan finds the kinds that the programs concern. A kind is looked at in its preferred version; only the programs
// that name another have it looked at in that one too. open is called for each version that is needed.
func newPlan(policies inForce, served *served, open func(resource) *watch) *plan {
	p := &plan{
		programs:   make(map[*engine.Program]bool, len(policies.programs)),
		exceptions: policies.exceptions,
		kinds:      make(map[schema.GroupKind][]view),
		blind:      served.blind,
	}
	for _, program := range policies.programs {
		p.programs[program] = true
	}
	for kind, versions := range served.kinds {
		if excluded(kind) {
			continue
		}
		left := slices.Clone(policies.programs)
		for _, version := range versions {
			var concerned []*engine.Program
			left = slices.DeleteFunc(left, func(program *engine.Program) bool {
				concerns := concerns(program, version.kind)
				if concerns {
					concerned = append(concerned, program)
				}
				return concerns
			})
			if len(concerned) > 0 {
				p.kinds[kind] = append(p.kinds[kind], view{watch: open(version), programs: concerned})
			}
		}
	}
	return p
}

// inForce are the policies that are scanned, and the exceptions from them.
type inForce struct {
	programs   []*engine.Program
	exceptions *engine.Exceptions
}

// concerns tells whether a program may have something to say about objects of a kind that exist.
func concerns(program *engine.Program, kind schema.GroupVersionKind) bool {
	return program.Concerns(kind, "", eval.Create, "")
}

// isFor tells whether the plan was made for exactly these policies.
func (p *plan) isFor(policies inForce) bool {
	return p.exceptions == policies.exceptions && len(policies.programs) == len(p.programs) && !slices.ContainsFunc(policies.programs, func(program *engine.Program) bool {
		return !p.programs[program]
	})
}

// kindsOrNone lets a plan that was not made yet be ranged over.
func (p *plan) kindsOrNone() map[schema.GroupKind][]view {
	if p == nil {
		return nil
	}
	return p.kinds
}

// changedSince returns the programs that came or went since an earlier plan. When an exception has changed these are all:
// which objects it was for is not known.
func (p *plan) changedSince(earlier *plan) []*engine.Program {
	var changed []*engine.Program
	for program := range p.programs {
		if earlier == nil || earlier.exceptions != p.exceptions || !earlier.programs[program] {
			changed = append(changed, program)
		}
	}
	if earlier != nil {
		for program := range earlier.programs {
			if !p.programs[program] {
				changed = append(changed, program)
			}
		}
	}
	return changed
}

func concernsAny(programs []*engine.Program, views []view) bool {
	return slices.ContainsFunc(programs, func(program *engine.Program) bool {
		return slices.ContainsFunc(views, func(view view) bool {
			return concerns(program, view.watch.resource.kind)
		})
	})
}

// resources are what must be watched for the plan.
func (p *plan) resources() map[schema.GroupVersionResource]bool {
	resources := make(map[schema.GroupVersionResource]bool, len(p.kinds))
	for _, views := range p.kinds {
		for _, view := range views {
			resources[view.watch.resource.name] = true
		}
	}
	return resources
}
