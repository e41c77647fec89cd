package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"

	"github.com/edict-dev/edict/admission/engine/eval"
)

const (
	defaultMaxAnswer = 2_000_000
	defaultTimeout   = 30 * time.Second

	// The bounds of one request, whose author may choose how many elements a rule asks about (D08).
	maxReads        = 100
	maxAnswersTotal = 8 // times MaxAnswer
)

// ClusterConfig says what a Cluster reads from.
type ClusterConfig struct {
	// REST reaches the API server, as whoever evaluates.
	REST rest.Interface
	// Namespaces are asked before the API server is; nil where nothing watches them.
	Namespaces corev1listers.NamespaceLister
	// ConfigMaps hold some ConfigMaps, those that their owners want to be watched; nil where nothing does.
	ConfigMaps corev1listers.ConfigMapLister
	// Bindings tell the roles of users; nil where nobody asks for users.
	Bindings *Bindings
	// Resolver resolves host names; the process's own when it is nil.
	Resolver *net.Resolver
	// MaxAnswer bounds the answer to one call, in bytes; 2,000,000 when it is zero.
	MaxAnswer int64
	// Timeout bounds one call, beside the deadline of the request; 30 seconds when it is zero.
	Timeout time.Duration
}

// Cluster looks things up in the cluster.
type Cluster struct {
	config ClusterConfig
	kinds  kinds
}

// NewCluster returns a Cluster.
func NewCluster(config ClusterConfig) *Cluster {
	config.MaxAnswer = cmp.Or(config.MaxAnswer, defaultMaxAnswer)
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	config.Resolver = cmp.Or(config.Resolver, net.DefaultResolver)
	return &Cluster{config: config}
}

// Within returns the Lookup for one request. What it asks of the API server ends with ctx, and is asked once: two rules
// that read the same thing see the same state of it.
func (c *Cluster) Within(ctx context.Context) eval.Lookup {
	return &requestLookup{Cluster: c, ctx: ctx}
}

// requestLookup is for one request.
type requestLookup struct {
	*Cluster
	ctx  context.Context
	memo memo
}

// NamespaceLabels is asked about namespaces that exist: the object that the request is about lies in one. A lister that
// does not know it has not seen it yet, which proves nothing; so the API server is asked, and when that fails too, the
// answer is an error and never an empty set of labels.
func (l *requestLookup) NamespaceLabels(name string) (map[string]string, error) {
	if namespace := l.cachedNamespace(name); namespace != nil {
		return namespace.Labels, nil
	}
	object, err := l.liveNamespace(name)
	if err != nil {
		return nil, fmt.Errorf("labels of namespace %q: %w", name, err)
	}
	return labelsOf(object), nil
}

func (l *requestLookup) RolesOf(user *eval.User) (eval.Roles, error) {
	if user == nil {
		return eval.Roles{}, nil
	}
	if l.config.Bindings == nil {
		return eval.Roles{}, errors.New("the roles of users are not known here")
	}
	return l.memo.rolesOf(user, l.config.Bindings)
}

// Values is nil: in a cluster nothing was given beforehand.
func (l *requestLookup) Values(eval.PolicyRef, string) eval.Object { return nil }

// Read checks again what is checked when a policy is created: what a namespaced one reads lies in its namespace. What it
// names may come of variables, and a stored policy may be older than the check.
func (l *requestLookup) Read(source eval.Source) (any, error) {
	switch {
	case source.ConfigMap != nil:
		name := *source.ConfigMap
		if err := ownNamespace(source.Policy, "configMap", name.Namespace); err != nil {
			return nil, err
		}
		return l.configMap(name)
	case source.Call != nil:
		return l.call(source.Policy, source.Call)
	case source.Params != nil:
		return l.params(source.Policy, source.Params)
	case source.Namespace != nil:
		return l.namespace(source.Policy, source.Namespace.Name)
	case source.Host != nil:
		if err := noHosts(source); err != nil {
			return nil, err
		}
		return l.host(source.Host.Name)
	case source.Image != nil:
		return nil, fmt.Errorf("imageRegistry %s: image data cannot be read in a cluster yet", source.Image.Reference)
	case source.Global != nil:
		if err := notShared(source); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("globalReference %s: global context entries cannot be read in a cluster yet", source.Global.Name)
	}
	return nil, errors.New("a source that names nothing")
}

func (l *requestLookup) call(policy eval.PolicyRef, call *eval.CallSource) (any, error) {
	switch {
	case call.URL != "":
		return nil, fmt.Errorf("apiCall %s: calls to services cannot be made in a cluster yet", call.URL)
	case call.Method != "" && call.Method != http.MethodGet:
		return nil, fmt.Errorf("apiCall %s %s: only GET is possible in a cluster yet", call.Method, call.Path)
	}
	path, err := parsePath(call.Path)
	if err != nil {
		return nil, err
	}
	if policy.Namespace != "" {
		if err := path.within(policy.Namespace); err != nil {
			return nil, err
		}
	}
	return l.get(path)
}

// configMap reads what is watched from memory, and all else as it is now.
func (l *requestLookup) configMap(name eval.ConfigMapSource) (any, error) {
	if l.config.ConfigMaps != nil {
		if cached, err := l.config.ConfigMaps.ConfigMaps(name.Namespace).Get(name.Name); err == nil {
			return l.memo.once("configmap "+name.Namespace+"/"+name.Name, func() (any, int64, error) {
				object, err := decoded(cached)
				return configMapData(object), 0, err
			})
		}
	}
	path, err := objectPath("configMap", "api", "v1", "namespaces", name.Namespace, "configmaps", name.Name)
	if err != nil {
		return nil, err
	}
	object, err := l.object(path)
	if err != nil {
		return nil, fmt.Errorf("configMap %s/%s: %w", name.Namespace, name.Name, err)
	}
	return configMapData(object), nil
}

func configMapData(object eval.Object) any {
	return map[string]any{"data": object["data"], "metadata": object["metadata"]}
}

func (l *requestLookup) namespace(policy eval.PolicyRef, name string) (any, error) {
	if err := ownNamespace(policy, "namespace", name); err != nil {
		return nil, err
	}
	cached := l.cachedNamespace(name)
	if cached == nil {
		return l.liveNamespace(name)
	}
	return l.memo.once("namespace "+name, func() (any, int64, error) {
		object, err := decoded(cached)
		if err == nil {
			object["apiVersion"], object["kind"] = "v1", "Namespace" // objects of informers have neither
		}
		return object, 0, err
	})
}

func (l *requestLookup) cachedNamespace(name string) *corev1.Namespace {
	if l.config.Namespaces == nil {
		return nil
	}
	namespace, err := l.config.Namespaces.Get(name)
	if err != nil {
		return nil // not seen yet, whatever the reason; the API server is asked
	}
	return namespace
}

func (l *requestLookup) liveNamespace(name string) (eval.Object, error) {
	path, err := objectPath("namespace", "api", "v1", "namespaces", name)
	if err != nil {
		return nil, err
	}
	return l.object(path)
}

func (l *requestLookup) host(name string) (any, error) {
	return l.memo.once("host "+name, func() (any, int64, error) {
		ctx, cancel := context.WithTimeout(l.ctx, l.config.Timeout)
		defer cancel()
		addresses, err := l.config.Resolver.LookupHost(ctx, name)
		if err != nil {
			return nil, 0, fmt.Errorf("host %q: %w", name, err)
		}
		list := make([]any, len(addresses))
		for i, address := range addresses {
			list[i] = address
		}
		return list, 0, nil
	})
}

// decoded is an object of a type as decoded JSON.
func decoded(object any) (eval.Object, error) {
	return runtime.DefaultUnstructuredConverter.ToUnstructured(object)
}
