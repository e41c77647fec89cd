package policyset

import (
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// What requests ask about comes from whoever sends them, so what is remembered is bounded: kinds with their operations,
// of which a cluster has hundreds, and namespaces in which policies are in force that are not in force everywhere.
const (
	maxQuestions  = 4096
	maxNamespaces = 4096
)

// question is what the policies that concern a request go by, beside its namespace.
type question struct {
	kind        schema.GroupVersionKind
	subresource string
	operation   eval.Operation
}

// index finds the policies that may concern a request. Which ones these are for a question is found when it is first
// asked. Most policies concern all namespaces, and some concern one or a few: these are found by the names that they
// give, so a request costs what the policies of its own namespace cost, however many there are for others.
type index struct {
	programs []*engine.Program // in admission, in order

	mu    sync.RWMutex
	known map[question]*answers
}

func newIndex(entries []entry) *index {
	x := &index{known: map[question]*answers{}}
	for _, e := range entries {
		if e.program.Admission() {
			x.programs = append(x.programs, e.program)
		}
	}
	return x
}

func (x *index) find(q question, namespace string) []*engine.Program {
	x.mu.RLock()
	found, ok := x.known[q]
	x.mu.RUnlock()
	if !ok {
		found = newAnswers(q, x.programs)
		x.mu.Lock()
		if len(x.known) < maxQuestions {
			x.known[q] = found
		}
		x.mu.Unlock()
	}
	return found.in(namespace)
}

// answers are the programs that may concern a question.
type answers struct {
	question question
	// all may concern it somewhere, everywhere in any namespace, outside in none. All are in order.
	all, everywhere, outside []*engine.Program
	// named are the positions in all of those that concern only namespaces of these names, patterned of those that give
	// names with wildcards.
	named     map[string][]int
	patterned []int

	mu    sync.RWMutex
	known map[string][]*engine.Program // by namespace, where it is not everywhere
}

func newAnswers(q question, programs []*engine.Program) *answers {
	a := &answers{question: q, named: map[string][]int{}, known: map[string][]*engine.Program{}}
	for _, program := range programs {
		if !program.Concerns(q.kind, q.subresource, q.operation, "") {
			continue
		}
		position := len(a.all)
		a.all = append(a.all, program)
		patterns, limited := namespacesOf(program)
		if program.Ref().Namespace == "" {
			a.outside = append(a.outside, program)
		}
		switch {
		case !limited:
			a.everywhere = append(a.everywhere, program)
		case slices.ContainsFunc(patterns, func(p string) bool { return strings.ContainsAny(p, "*?") }):
			a.patterned = append(a.patterned, position)
		default:
			for _, name := range patterns {
				a.named[name] = append(a.named[name], position)
			}
		}
	}
	return a
}

// in returns the programs that may concern the question in a namespace, or outside of any.
func (a *answers) in(namespace string) []*engine.Program {
	if namespace == "" {
		return a.outside
	}
	if len(a.named[namespace]) == 0 && len(a.patterned) == 0 {
		return a.everywhere
	}
	a.mu.RLock()
	found, ok := a.known[namespace]
	a.mu.RUnlock()
	if ok {
		return found
	}
	found = a.look(namespace)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) < maxNamespaces {
		a.known[namespace] = found
	}
	return found
}

func (a *answers) look(namespace string) []*engine.Program {
	here := map[*engine.Program]bool{}
	for _, positions := range [][]int{a.named[namespace], a.patterned} {
		for _, position := range positions {
			program := a.all[position]
			if program.Concerns(a.question.kind, a.question.subresource, a.question.operation, namespace) {
				here[program] = true
			}
		}
	}
	if len(here) == 0 {
		return a.everywhere
	}
	for _, program := range a.everywhere {
		here[program] = true
	}
	found := make([]*engine.Program, 0, len(here))
	for _, program := range a.all {
		if here[program] {
			found = append(found, program)
		}
	}
	return found
}

// namespacesOf are patterns of the only namespaces that a policy concerns. A Policy concerns its own, even when what it
// matches cannot be told: then it answers every request there with its error, and none elsewhere.
func namespacesOf(program *engine.Program) (patterns []string, limited bool) {
	if own := program.Ref().Namespace; own != "" {
		return []string{own}, true
	}
	return program.Namespaces()
}
