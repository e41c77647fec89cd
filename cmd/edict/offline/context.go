package offline

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// Context holds objects of a cluster and what registries say of images.
type Context struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	Spec       struct {
		Resources []eval.Object `json:"resources"`
		Images    []struct {
			Image      string      `json:"image"`
			Manifest   eval.Object `json:"manifest"`
			Config     eval.Object `json:"config"`
			ImageIndex eval.Object `json:"imageIndex"`
		} `json:"images"`
	} `json:"spec"`
}

// ReadContext reads a context file.
func ReadContext(documents []*manifest.Document, file string) (*Context, error) {
	context := &Context{}
	d, err := only(documents, file, "Context")
	if err != nil {
		return nil, err
	}
	return context, DecodeLenient(d, context)
}

// AddTo lets rules look up what the file holds.
func (c *Context) AddTo(config *lookup.StaticConfig, kinds *Kinds) {
	if len(c.Spec.Resources) > 0 {
		config.Cluster = NewCluster(c.Spec.Resources, kinds)
	}
	config.Images = map[string]any{}
	for _, image := range c.Spec.Images {
		config.Images[image.Image] = map[string]any{
			"image": image.Image, "manifest": integers(image.Manifest), "configData": integers(image.Config), "manifestList": integers(image.ImageIndex),
		}
	}
}

// NewCluster is a cluster that holds these objects, each in the namespace that a server would put it in. What lacks a kind
// is handed on as it is, and refused by whoever is given the cluster.
func NewCluster(objects []eval.Object, kinds *Kinds) *lookup.StaticCluster {
	cluster := &lookup.StaticCluster{Resources: map[schema.GroupVersionKind]string{}}
	for _, object := range objects {
		resource, err := NewResource(integers(object), kinds)
		if err != nil {
			cluster.Objects = append(cluster.Objects, object)
			continue
		}
		cluster.Objects = append(cluster.Objects, resource.Object)
		if plural, ok := kinds.plural(resource.Kind.GroupKind()); ok {
			cluster.Resources[resource.Kind] = plural
		}
	}
	return cluster
}
