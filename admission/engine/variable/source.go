package variable

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// configMapSource reads a ConfigMap.
type configMapSource struct {
	policy          eval.PolicyRef
	name, namespace *Template
}

func (c *contextCompiler) configMap(m *v1.ConfigMapReference, path *field.Path) source {
	namespace := m.Namespace
	own := c.policy.Namespace
	switch {
	case namespace == "" && own != "":
		namespace = own
	case namespace == "":
		namespace = "default"
	case own != "" && namespace != own:
		c.errs = append(c.errs, field.Forbidden(path.Child("namespace"),
			fmt.Sprintf("a Policy reads ConfigMaps of its own namespace only: say %s, or write a ClusterPolicy", own)))
		return nil
	}
	return &configMapSource{
		policy:    c.policy,
		name:      c.template(m.Name, path.Child("name")),
		namespace: c.template(namespace, path.Child("namespace")),
	}
}

func (c *configMapSource) value(s *Scope, entry string) (any, error) {
	name, err := textOf(c.name, s)
	if err != nil {
		return nil, fmt.Errorf("failed to retrieve config map for context entry %s: failed to substitute variables in configMap.name: %w", entry, err)
	}
	namespace, err := textOf(c.namespace, s)
	if err != nil {
		return nil, fmt.Errorf("failed to retrieve config map for context entry %s: failed to substitute variables in configMap.namespace: %w", entry, err)
	}
	if own := c.policy.Namespace; own != "" && namespace != own {
		return nil, fmt.Errorf("failed to retrieve config map for context entry %s: a Policy of namespace %s may not read ConfigMaps of namespace %s", entry, own, namespace)
	}
	v, err := s.read(eval.Source{Policy: c.policy, ConfigMap: &eval.ConfigMapSource{Namespace: namespace, Name: name}})
	if err != nil {
		return nil, fmt.Errorf("failed to retrieve config map for context entry %s: failed to get configmap %s/%s: %w", entry, namespace, name, err)
	}
	return v, nil
}

// imageSource asks a registry about an image.
type imageSource struct {
	policy        eval.PolicyRef
	reference     *Template
	query         *query
	allowInsecure bool
	providers     []string
	secrets       []string
}

func (c *contextCompiler) image(r *v1.ImageRegistry, path *field.Path) source {
	s := &imageSource{
		policy:    c.policy,
		reference: c.template(r.Reference, path.Child("reference")),
		query:     c.query(r.JMESPath, path.Child("jmesPath")),
	}
	if credentials := r.ImageRegistryCredentials; credentials != nil {
		at := path.Child("imageRegistryCredentials")
		s.allowInsecure = credentials.AllowInsecureRegistry != nil && *credentials.AllowInsecureRegistry
		for _, provider := range credentials.Providers {
			s.providers = append(s.providers, string(provider))
		}
		if own := c.policy.Namespace; own != "" && len(credentials.Secrets) > 0 {
			c.errs = append(c.errs, checkSecrets(credentials.Secrets, own, at.Child("secrets"))...)
		}
		s.secrets = credentials.Secrets
	}
	return s
}

// checkSecrets refuses credentials that do not belong to the namespace of a Policy. A name alone means a Secret of the
// servers' own namespace.
func checkSecrets(secrets []string, namespace string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, secret := range secrets {
		if !belongsTo(secret, namespace) {
			errs = append(errs, field.Forbidden(path.Index(i),
				fmt.Sprintf("a Policy uses Secrets of its own namespace only: say %s/<name>, or write a ClusterPolicy", namespace)))
		}
	}
	return errs
}

func (i *imageSource) value(s *Scope, entry string) (any, error) {
	reference, err := textOf(i.reference, s)
	if err != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s imageRegistry.reference: %w", entry, err)
	}
	v, err := s.read(eval.Source{Policy: i.policy, Image: &eval.ImageSource{
		Reference: reference, AllowInsecure: i.allowInsecure, Providers: i.providers, Secrets: i.secrets,
	}})
	if err != nil {
		return nil, fmt.Errorf("failed to fetch image data for context entry %s: %s: %w", entry, shorten(reference), err)
	}
	return i.query.apply(s, entry, v)
}

// globalSource reads a GlobalContextEntry.
type globalSource struct {
	policy eval.PolicyRef
	name   *Template
	query  *query
}

func (c *contextCompiler) global(g *v1.GlobalContextReference, path *field.Path) source {
	if c.policy.Namespace != "" {
		c.errs = append(c.errs, field.Forbidden(path, "globalReference is not allowed in namespaced policies: write a ClusterPolicy"))
		return nil
	}
	return &globalSource{
		policy: c.policy,
		name:   c.template(g.Name, path.Child("name")),
		query:  c.query(g.JMESPath, path.Child("jmesPath")),
	}
}

func (g *globalSource) value(s *Scope, entry string) (any, error) {
	name, err := textOf(g.name, s)
	if err != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s globalReference.name: %w", entry, err)
	}
	v, err := s.read(eval.Source{Policy: g.policy, Global: &eval.GlobalSource{Name: name}})
	if err != nil {
		return nil, fmt.Errorf("failed to read global context entry %s for context entry %s: %w", name, entry, err)
	}
	return g.query.apply(s, entry, v)
}

// textOf is the value of a template that must be a string.
func textOf(t *Template, s *Scope) (string, error) {
	v, err := t.Substitute(s)
	if err != nil {
		return "", err
	}
	text, ok := v.(string)
	if !ok {
		shown, err := s.text(v)
		if err != nil {
			return "", err
		}
		return "", fmt.Errorf("a string is needed, and the value is %s", shorten(shown))
	}
	return text, nil
}

// read asks for data from outside.
func (s *Scope) read(source eval.Source) (any, error) {
	if s.config.Lookup == nil {
		return nil, &eval.Unavailable{What: "data from outside", Remedy: "evaluate the rule where it can be looked up"}
	}
	return s.config.Lookup.Read(source)
}
