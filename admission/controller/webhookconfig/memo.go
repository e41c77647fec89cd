package webhookconfig

import (
	"strings"
	"sync"
)

// What is remembered comes from policies that may come and go for long, so it is bounded.
const maxRemembered = 4096

// memo remembers what was found for targets: a thousand policies on Pods ask for the same. The zero value is ready to use.
type memo struct {
	mu      sync.Mutex
	targets map[targetKey][]matched
	atoms   map[string][]atom
}

// targetKey is what of a target decides which resources it names.
type targetKey struct{ group, version, kind, subresource string }

func (m *memo) resolved(key targetKey, look func() []matched) []matched {
	m.mu.Lock()
	defer m.mu.Unlock()
	if found, ok := m.targets[key]; ok {
		return found[:len(found):len(found)]
	}
	found := look()
	if m.targets == nil {
		m.targets = map[targetKey][]matched{}
	}
	if len(m.targets) < maxRemembered {
		m.targets[key] = found
	}
	return found[:len(found):len(found)]
}

// same returns the very slice that it returned for equal atoms before, so that slices can be told apart by where they
// are.
func (m *memo) same(atoms []atom) []atom {
	var text strings.Builder
	for _, a := range atoms {
		for _, part := range []string{a.group, a.version, a.resource, string(a.scope), string(a.operation)} {
			text.WriteString(part)
			text.WriteByte(0)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := text.String()
	if known, ok := m.atoms[key]; ok {
		return known
	}
	if m.atoms == nil {
		m.atoms = map[string][]atom{}
	}
	if len(m.atoms) < maxRemembered {
		m.atoms[key] = atoms
	}
	return atoms
}
