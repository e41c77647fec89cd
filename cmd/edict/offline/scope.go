package offline

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// clusterScoped are the kinds of Kubernetes that are in no namespace.
var clusterScoped = map[schema.GroupKind]bool{}

func init() {
	for group, kinds := range map[string]string{
		"":                             "ComponentStatus Namespace Node PersistentVolume",
		"admissionregistration.k8s.io": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
		"apiextensions.k8s.io":         "CustomResourceDefinition",
		"apiregistration.k8s.io":       "APIService",
		"authentication.k8s.io":        "SelfSubjectReview TokenReview",
		"authorization.k8s.io":         "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
		"certificates.k8s.io":          "CertificateSigningRequest ClusterTrustBundle",
		"flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
		"internal.apiserver.k8s.io":    "StorageVersion",
		"kyverno.io":                   "ClusterPolicy ClusterCleanupPolicy GlobalContextEntry",
		"networking.k8s.io":            "IPAddress IngressClass ServiceCIDR",
		"node.k8s.io":                  "RuntimeClass",
		"policies.kyverno.io":          "ValidatingPolicy MutatingPolicy GeneratingPolicy DeletingPolicy ImageValidatingPolicy",
		"policy":                       "PodSecurityPolicy",
		"rbac.authorization.k8s.io":    "ClusterRole ClusterRoleBinding",
		"resource.k8s.io":              "DeviceClass DeviceTaintRule ResourceSlice",
		"scheduling.k8s.io":            "PriorityClass",
		"storage.k8s.io":               "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
		"storagemigration.k8s.io":      "StorageVersionMigration",
		"wgpolicyk8s.io":               "ClusterPolicyReport",
	} {
		for kind := range strings.FieldsSeq(kinds) {
			clusterScoped[schema.GroupKind{Group: group, Kind: kind}] = true
		}
	}
}

// Kinds knows of kinds what a server would learn by discovery: those of Kubernetes, and those of the
// CustomResourceDefinitions that it was given. A kind that it does not know counts as namespaced.
type Kinds struct {
	custom map[schema.GroupKind]customKind
}

type customKind struct {
	plural  string
	cluster bool
}

// NewKinds learns from the CustomResourceDefinitions among the documents.
func NewKinds(documents []*manifest.Document) *Kinds {
	k := &Kinds{custom: map[schema.GroupKind]customKind{}}
	for _, d := range documents {
		if group, _, _ := strings.Cut(d.APIVersion(), "/"); group != "apiextensions.k8s.io" || d.Kind() != "CustomResourceDefinition" {
			continue
		}
		spec := mapAt(d.Object, "spec")
		names := mapAt(spec, "names")
		kind := schema.GroupKind{Group: stringAt(spec, "group"), Kind: stringAt(names, "kind")}
		k.custom[kind] = customKind{plural: stringAt(names, "plural"), cluster: stringAt(spec, "scope") == "Cluster"}
	}
	return k
}

// ClusterScoped tells whether objects of the kind are in no namespace.
func (k *Kinds) ClusterScoped(kind schema.GroupKind) bool {
	if custom, ok := k.custom[kind]; ok {
		return custom.cluster
	}
	return clusterScoped[kind]
}

// Resource is the plural name under which the kind is served.
func (k *Kinds) Resource(kind schema.GroupVersionKind) schema.GroupVersionResource {
	if plural, ok := k.plural(kind.GroupKind()); ok {
		return kind.GroupVersion().WithResource(plural)
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural
}

// plural is the plural name that a CustomResourceDefinition gives the kind.
func (k *Kinds) plural(kind schema.GroupKind) (string, bool) {
	custom, ok := k.custom[kind]
	return custom.plural, ok && custom.plural != ""
}

func mapAt(m map[string]any, key string) map[string]any {
	inner, _ := m[key].(map[string]any)
	return inner
}

func stringAt(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}
