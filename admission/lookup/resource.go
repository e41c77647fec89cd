package lookup

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// KindOf tells the kind of a resource. Rules also name it for the resource's subresources, of which a review says only
// the kind of what is sent: Scale for that of a Deployment, and PodExecOptions for an exec.
func (c *Cluster) KindOf(ctx context.Context, resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	c.kinds.mu.RLock()
	kind, ok := c.kinds.resources[resource]
	c.kinds.mu.RUnlock()
	if ok {
		return kind, nil
	}
	kind, err := discoverResource(&requestLookup{Cluster: c, ctx: ctx}, resource)
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("the kind of %s: %w", resource.GroupResource(), err)
	}
	c.kinds.mu.Lock()
	defer c.kinds.mu.Unlock()
	if c.kinds.resources == nil {
		c.kinds.resources = map[schema.GroupVersionResource]schema.GroupVersionKind{}
	}
	c.kinds.resources[resource] = kind
	return kind, nil
}

func discoverResource(l *requestLookup, resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	resources, err := l.served("resource", resource.GroupVersion())
	if err != nil {
		return schema.GroupVersionKind{}, err
	}
	for _, entry := range resources {
		served, _ := entry.(map[string]any)
		if kind, _ := served["kind"].(string); served["name"] == resource.Resource && kind != "" {
			return resource.GroupVersion().WithKind(kind), nil
		}
	}
	return schema.GroupVersionKind{}, fmt.Errorf("the API server serves no such resource in %s", resource.GroupVersion())
}
