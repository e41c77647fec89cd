package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
)

// Lookup reads from the cluster what rules ask for, each thing once: one run of the command line sees one state of it. It
// is safe for concurrent use.
type Lookup struct {
	ctx     context.Context
	cluster *lookup.Cluster
	known   sync.Map // of *answer by key
}

var _ eval.Lookup = (*Lookup)(nil)

type answer struct {
	once  sync.Once
	value any
	err   error
}

func (l *Lookup) once(key string, read func(eval.Lookup) (any, error)) (any, error) {
	found, _ := l.known.LoadOrStore(key, &answer{})
	a := found.(*answer)
	a.once.Do(func() { a.value, a.err = read(l.cluster.Within(l.ctx)) })
	return a.value, a.err
}

// NamespaceLabels implements eval.Lookup.
func (l *Lookup) NamespaceLabels(name string) (map[string]string, error) {
	labels, err := l.once("labels of namespace "+name, func(live eval.Lookup) (any, error) { return live.NamespaceLabels(name) })
	if err != nil {
		return nil, err
	}
	return labels.(map[string]string), nil
}

// RolesOf implements eval.Lookup: whoever names a user names his roles.
func (l *Lookup) RolesOf(user *eval.User) (eval.Roles, error) {
	if user == nil {
		return eval.Roles{}, nil
	}
	return eval.Roles{}, errors.New("the roles of a user are not read from the cluster; give them with --userinfo")
}

// Values implements eval.Lookup: a cluster gives none.
func (l *Lookup) Values(eval.PolicyRef, string) eval.Object { return nil }

// Read implements eval.Lookup.
func (l *Lookup) Read(source eval.Source) (any, error) {
	if err := unavailable(source); err != nil {
		return nil, err
	}
	key, err := keyOf(source)
	if err != nil {
		return nil, err
	}
	return l.once(key, func(live eval.Lookup) (any, error) { return live.Read(source) })
}

// keyOf names a source. The policy that asks is part of it, since what it may be shown depends on it.
func keyOf(source eval.Source) (string, error) {
	selector := ""
	if source.Params != nil && source.Params.Selector != nil {
		selector = source.Params.Selector.String()
		params := *source.Params
		params.Selector = nil
		source.Params = &params
	}
	key, err := json.Marshal(source)
	if err != nil {
		return "", fmt.Errorf("a source that cannot be named: %w", err)
	}
	return string(key) + selector, nil
}

// unavailable says of sources that are not read, with or without a cluster, how to give them.
func unavailable(source eval.Source) error {
	switch {
	case source.Image != nil:
		return &eval.Unavailable{What: "imageRegistry " + source.Image.Reference, Remedy: "registries are not read yet; give its values with --values-file"}
	case source.Global != nil:
		return &eval.Unavailable{What: "globalReference " + source.Global.Name, Remedy: "global context entries are not read yet; give its values with --values-file"}
	case source.Call != nil && source.Call.URL != "":
		return &eval.Unavailable{What: "apiCall " + source.Call.URL, Remedy: "services are not called yet; give its values with --values-file"}
	case source.Call != nil && source.Call.Method != "" && source.Call.Method != "GET":
		return &eval.Unavailable{What: "apiCall " + source.Call.Method + " " + source.Call.Path, Remedy: "only GET is possible yet; give its values with --values-file"}
	}
	return nil
}
