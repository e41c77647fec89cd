package lookup

import (
	"fmt"
	"sync"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// memo is what one request has been told. The zero value is ready to use.
type memo struct {
	mu    sync.Mutex
	known map[string]answer
	// bytes have been read in all.
	bytes int64

	user  *eval.User
	roles answer
}

type answer struct {
	value any
	err   error
}

// once reads what the key names unless that has been done, errors included, and refuses to when too much has been read.
// read tells how many bytes there were.
func (m *memo) once(key string, read func() (value any, bytes int64, err error)) (any, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.known[key]; ok {
		return a.value, a.err
	}
	if len(m.known) >= maxReads {
		return nil, fmt.Errorf("the rules ask for more than %d different things for one request; ask for a list instead of each element", maxReads)
	}
	if m.known == nil {
		m.known = map[string]answer{}
	}
	value, bytes, err := read()
	m.bytes += bytes
	m.known[key] = answer{value, err}
	return value, err
}

// rolesOf is asked by each rule that goes by roles, about the one user of the request.
func (m *memo) rolesOf(user *eval.User, bindings *Bindings) (eval.Roles, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.user != user {
		roles, err := bindings.RolesOf(user)
		m.user, m.roles = user, answer{roles, err}
	}
	roles, _ := m.roles.value.(eval.Roles)
	return roles, m.roles.err
}
