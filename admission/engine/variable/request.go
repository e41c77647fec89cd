package variable

import (
	"strings"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// request is the variable request: the fields of an AdmissionRequest, and the roles of who made it. A field that is not
// known where the request comes from, such as userInfo in a scan, is not there.
type request struct{ *evaluation }

// requestFields are the names of all fields.
var requestFields = []string{
	"uid", "kind", "resource", "subResource", "requestKind", "requestResource", "requestSubResource", "name", "namespace",
	"operation", "userInfo", "object", "oldObject", "dryRun", "options", "roles", "clusterRoles",
}

// Field returns one field. Roles are looked up only here.
func (r *request) Field(name string) (any, bool, error) {
	q := r.config.Request
	// What API servers send of an admission review is there even if it says nothing; elsewhere it is not known.
	reviewed := q.UID != ""
	switch name {
	case "uid":
		return q.UID, reviewed, nil
	case "kind", "requestKind":
		return map[string]any{"group": q.Kind.Group, "version": q.Kind.Version, "kind": q.Kind.Kind}, true, nil
	case "resource", "requestResource":
		v := map[string]any{"group": q.Resource.Group, "version": q.Resource.Version, "resource": q.Resource.Resource}
		return v, q.Resource.Resource != "", nil
	case "subResource", "requestSubResource":
		return q.Subresource, q.Subresource != "", nil
	case "name":
		return q.Name, q.Name != "", nil
	case "namespace":
		return q.Namespace, true, nil
	case "operation":
		return string(q.Operation), q.Operation != "", nil
	case "userInfo":
		if q.User == nil {
			return nil, false, nil
		}
		return userInfo(q.User), true, nil
	case "object":
		return present(q.Object), q.Object != nil || reviewed, nil
	case "oldObject":
		return present(q.OldObject), q.OldObject != nil || reviewed, nil
	case "dryRun":
		return q.DryRun, reviewed, nil
	case "options":
		return present(q.Options), q.Options != nil || reviewed, nil
	case "roles", "clusterRoles":
		return r.roles(name)
	}
	return nil, false, nil
}

// All returns the request as a whole.
func (r *request) All() (map[string]any, error) { return allFields(r, requestFields) }

func allFields(lazy jmespath.Lazy, names []string) (map[string]any, error) {
	out := make(map[string]any, len(names))
	for _, name := range names {
		v, ok, err := lazy.Field(name)
		if err != nil {
			return nil, err
		}
		if ok {
			out[name] = v
		}
	}
	return out, nil
}

// present is an object, or null where there is none.
func present(o eval.Object) any {
	if o == nil {
		return nil
	}
	return o
}

func userInfo(u *eval.User) map[string]any {
	out := map[string]any{}
	if u.Name != "" {
		out["username"] = u.Name
	}
	if u.UID != "" {
		out["uid"] = u.UID
	}
	if len(u.Groups) > 0 {
		out["groups"] = anyList(u.Groups)
	}
	if len(u.Extra) > 0 {
		extra := make(map[string]any, len(u.Extra))
		for key, values := range u.Extra {
			extra[key] = anyList(values)
		}
		out["extra"] = extra
	}
	return out
}

func anyList(in []string) []any {
	out := make([]any, len(in))
	for i := range in {
		out[i] = in[i]
	}
	return out
}

func (r *request) roles(name string) (any, bool, error) {
	q := r.config.Request
	if q.User == nil || r.config.Lookup == nil {
		return nil, false, nil
	}
	found, err := r.config.Lookup.RolesOf(q.User)
	if err != nil {
		return nil, false, err
	}
	bound := found.ClusterRoles
	if name == "roles" {
		bound = found.Roles
	}
	// As in the reference an empty list is none.
	return anyList(bound), len(bound) > 0, nil
}

const serviceAccountPrefix = "system:serviceaccount:"

// serviceAccount returns the name or namespace of the ServiceAccount that made the request. They are empty when it was
// somebody else.
func (e *evaluation) serviceAccount(name string) (any, bool) {
	user := e.config.Request.User
	if user == nil {
		return nil, false
	}
	var namespace, account string
	if rest, ok := strings.CutPrefix(user.Name, serviceAccountPrefix); ok {
		namespace, account, _ = strings.Cut(rest, ":")
	}
	if account == "" {
		namespace = ""
	}
	if name == "serviceAccountName" {
		return account, true
	}
	return namespace, true
}
