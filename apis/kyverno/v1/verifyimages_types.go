package v1

// ImageVerification demands signatures and attestations of images.
type ImageVerification struct {
	// What happens when the demand is not met: Enforce refuses the request, Audit only reports.
	// +optional
	FailureAction *FailureAction `json:"failureAction,omitempty"`

	// How images are signed. Cosign is meant when nothing is said.
	// +optional
	Type ImageVerificationType `json:"type,omitempty"`

	// Without effect.
	// Deprecated: use imageReferences.
	// +optional
	Image string `json:"image,omitempty"`

	// The images that are meant; wildcards * and ? are allowed.
	// +optional
	// +listType=atomic
	ImageReferences []string `json:"imageReferences,omitzero"`

	// Of those, the images that are not meant; wildcards * and ? are allowed.
	// +optional
	// +listType=atomic
	SkipImageReferences []string `json:"skipImageReferences,omitzero"`

	// A public key.
	// Deprecated: use attestors.
	// +optional
	Key string `json:"key,omitempty"`

	// PEM-encoded certificates of authorities.
	// Deprecated: use attestors.
	// +optional
	Roots string `json:"roots,omitempty"`

	// The identity that a keyless signature must name.
	// Deprecated: use attestors.
	// +optional
	Subject string `json:"subject,omitempty"`

	// The issuer that a keyless signature must name.
	// Deprecated: use attestors.
	// +optional
	Issuer string `json:"issuer,omitempty"`

	// Further certificate extensions that a keyless signature must have.
	// Deprecated: use attestors.
	// +optional
	AdditionalExtensions map[string]string `json:"additionalExtensions,omitzero"`

	// Who must have signed; all of these sets must be satisfied.
	// +optional
	// +listType=atomic
	Attestors []AttestorSet `json:"attestors,omitzero"`

	// Signed statements that there must be about the image.
	// +optional
	// +listType=atomic
	Attestations []Attestation `json:"attestations,omitzero"`

	// Annotations that the signature must have.
	// Deprecated: use attestors.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`

	// Where signatures are stored, if not beside the image.
	// +optional
	Repository string `json:"repository,omitempty"`

	// Whether signatures are stored as OCI 1.1 referrers, an experiment of older cosign versions.
	// +optional
	CosignOCI11 *bool `json:"cosignOCI11,omitempty"`

	// Whether the tag of an image is replaced by the digest that was verified. True is meant when nothing is said;
	// rules that only audit must say false.
	// +optional
	MutateDigest *bool `json:"mutateDigest,omitempty"`

	// Whether images must be named with a digest. True is meant when nothing is said.
	// +optional
	VerifyDigest *bool `json:"verifyDigest,omitempty"`

	// Checks on what attestations say about the image.
	// +optional
	Validate *ImageVerificationValidation `json:"validate,omitempty"`

	// Whether images must be verified at all before they run. True is meant when nothing is said.
	// +optional
	Required *bool `json:"required,omitempty"`

	// With which credentials registries are asked.
	// +optional
	ImageRegistryCredentials *ImageRegistryCredentials `json:"imageRegistryCredentials,omitempty"`

	// Whether the outcome of a verification may be remembered for a while. True is meant when nothing is said.
	// +optional
	UseCache *bool `json:"useCache,omitempty"`
}

// ImageVerificationType is a way to sign images.
// +enum
type ImageVerificationType string

const (
	// Cosign is cosign's own format of signatures beside an image.
	Cosign ImageVerificationType = "Cosign"
	// SigstoreBundle is the bundle format of Sigstore, stored as a referrer of the image.
	SigstoreBundle ImageVerificationType = "SigstoreBundle"
	// Notary is the format of the Notary Project.
	Notary ImageVerificationType = "Notary"
)

// AttestorSet is a set of attestors of which some or all must have signed.
type AttestorSet struct {
	// How many of the entries must have signed, at least 1. Without it all must.
	// +optional
	Count *int32 `json:"count,omitempty"`
	// The attestors.
	// +optional
	// +listType=atomic
	Entries []Attestor `json:"entries,omitzero"`
}

// Attestor is somebody who signs, known by exactly one of keys, certificates, keyless and attestor.
type Attestor struct {
	// Known by public keys.
	// +optional
	Keys *StaticKeyAttestor `json:"keys,omitempty"`
	// Known by a certificate.
	// +optional
	Certificates *CertificateAttestor `json:"certificates,omitempty"`
	// Known by an identity that a certificate authority such as Fulcio has vouched for.
	// +optional
	Keyless *KeylessAttestor `json:"keyless,omitempty"`
	// A set within the set, for more involved demands.
	// +optional
	Attestor *AttestorSet `json:"attestor,omitempty"`
	// Annotations that the signature must have.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// Where signatures are stored, if not where the rule says.
	// +optional
	Repository string `json:"repository,omitempty"`
	// The hash that was signed: sha224, sha256, sha384 or sha512. sha256 is meant when nothing is said.
	// +optional
	SignatureAlgorithm string `json:"signatureAlgorithm,omitempty"`
}

// StaticKeyAttestor is known by public keys, from exactly one of publicKeys, kms and secret.
type StaticKeyAttestor struct {
	// One or more PEM-encoded public keys, or k8s://namespace/name of a Secret. Of several keys each is an attestor of
	// its own.
	// +optional
	PublicKeys string `json:"publicKeys,omitempty"`
	// The hash that was signed. sha256 is meant when nothing is said.
	// Deprecated: use signatureAlgorithm of the attestor.
	// +optional
	SignatureAlgorithm string `json:"signatureAlgorithm,omitempty"`
	// The URI of a key in a key management service, such as awskms:// or gcpkms://.
	// +optional
	KMS string `json:"kms,omitempty"`
	// A Secret that holds the key as cosign.pub.
	// +optional
	Secret *SecretReference `json:"secret,omitempty"`
	// The transparency log that must hold the signature.
	// +optional
	Rekor *Rekor `json:"rekor,omitempty"`
	// The log that must hold the certificate.
	// +optional
	CTLog *CTLog `json:"ctlog,omitempty"`
}

// SecretReference names a Secret.
type SecretReference struct {
	// The name of the Secret.
	Name string `json:"name"`
	// The namespace of the Secret.
	Namespace string `json:"namespace"`
}

// CertificateAttestor is known by a certificate.
type CertificateAttestor struct {
	// The PEM-encoded certificate.
	// +optional
	Certificate string `json:"cert,omitempty"`
	// The PEM-encoded certificates of the authorities above it.
	// +optional
	CertificateChain string `json:"certChain,omitempty"`
	// The transparency log that must hold the signature.
	// +optional
	Rekor *Rekor `json:"rekor,omitempty"`
	// The log that must hold the certificate.
	// +optional
	CTLog *CTLog `json:"ctlog,omitempty"`
}

// KeylessAttestor is known by an identity that a certificate authority has vouched for.
type KeylessAttestor struct {
	// The transparency log that must hold the signature. Without roots it must have a url.
	// +optional
	Rekor *Rekor `json:"rekor,omitempty"`
	// The log that must hold the certificate.
	// +optional
	CTLog *CTLog `json:"ctlog,omitempty"`
	// The issuer of the identity.
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// A regular expression that the issuer must match.
	// +optional
	IssuerRegExp string `json:"issuerRegExp,omitempty"`
	// The identity, such as a mail address; wildcards * and ? are allowed.
	// +optional
	Subject string `json:"subject,omitempty"`
	// A regular expression that the identity must match.
	// +optional
	SubjectRegExp string `json:"subjectRegExp,omitempty"`
	// PEM-encoded certificates of authorities to use instead of Sigstore's.
	// +optional
	Roots string `json:"roots,omitempty"`
	// Further certificate extensions that the signature must have.
	// +optional
	AdditionalExtensions map[string]string `json:"additionalExtensions,omitzero"`
}

// Rekor is a transparency log.
type Rekor struct {
	// The address of the log. Sigstore's is meant when nothing is said.
	// +optional
	URL string `json:"url,omitempty"`
	// The PEM-encoded public key of the log, to use instead of the one that Sigstore publishes.
	// +optional
	PubKey string `json:"pubkey,omitempty"`
	// Whether the log is not asked at all.
	// +optional
	IgnoreTLog *bool `json:"ignoreTlog,omitempty"`
}

// CTLog is a log of certificates.
type CTLog struct {
	// Whether the log's signed timestamp is not demanded.
	// +optional
	IgnoreSCT *bool `json:"ignoreSCT,omitempty"`
	// The PEM-encoded public key of the log, to use instead of the one that Sigstore publishes.
	// +optional
	PubKey string `json:"pubkey,omitempty"`
	// The PEM-encoded certificates of a timestamp authority.
	// +optional
	TSACertChain string `json:"tsaCertChain,omitempty"`
}

// Attestation is a signed statement that there must be about an image.
type Attestation struct {
	// The name under which variables find the statement.
	// +optional
	Name string `json:"name,omitempty"`
	// The type of the statement's predicate.
	// Deprecated: use type.
	// +optional
	PredicateType string `json:"predicateType,omitempty"`
	// The type of the statement's predicate, or for Notary the type of the artifact.
	// +optional
	Type string `json:"type,omitempty"`
	// Who must have signed the statement; all of these sets must be satisfied.
	// +optional
	// +listType=atomic
	Attestors []AttestorSet `json:"attestors,omitzero"`
	// Conditions on the statement's predicate, all of which must hold.
	// +optional
	// +listType=atomic
	Conditions []AnyAllConditions `json:"conditions,omitzero"`
}

// ImageVerificationValidation checks what attestations say about an image.
type ImageVerificationValidation struct {
	// What is said when the check fails.
	// +optional
	Message string `json:"message,omitempty"`
	// Conditions under which the image is refused.
	// +optional
	Deny *Deny `json:"deny,omitempty"`
}
