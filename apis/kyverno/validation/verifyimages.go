package validation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func (c *checker) checkImageVerification(path *field.Path, verification *kyvernov1.ImageVerification) field.ErrorList {
	errs := checkRuleFailureAction(path.Child("failureAction"), verification.FailureAction)
	errs = append(errs, oneOfValues(path.Child("type"), verification.Type, kyvernov1.Cosign, kyvernov1.SigstoreBundle, kyvernov1.Notary)...)
	if verification.Image == "" && len(verification.ImageReferences) == 0 {
		errs = append(errs, field.Required(path.Child("imageReferences"), "say which images are meant; * means all"))
	}
	errs = append(errs, checkAttestorSets(path.Child("attestors"), verification.Attestors, verification.Type)...)
	for i := range verification.Attestations {
		errs = append(errs, checkAttestation(path.Child("attestations").Index(i), &verification.Attestations[i], verification.Type)...)
	}
	if c.onlyAudits(verification) && (verification.MutateDigest == nil || *verification.MutateDigest) {
		errs = append(errs, field.Invalid(path.Child("mutateDigest"), true, "a rule that only audits cannot change resources: set mutateDigest to false, or failureAction to Enforce"))
	}
	return append(errs, checkCredentials(path.Child("imageRegistryCredentials"), verification.ImageRegistryCredentials)...)
}

func (c *checker) onlyAudits(verification *kyvernov1.ImageVerification) bool {
	if verification.FailureAction != nil {
		return !verification.FailureAction.Enforces()
	}
	return !c.spec.ValidationFailureAction.Enforces()
}

func checkAttestation(path *field.Path, attestation *kyvernov1.Attestation, kind kyvernov1.ImageVerificationType) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"type", attestation.Type != ""},
		{"predicateType", attestation.PredicateType != ""},
	}, "remove it")
	return append(errs, checkAttestorSets(path.Child("attestors"), attestation.Attestors, kind)...)
}

func checkAttestorSets(path *field.Path, attestors []kyvernov1.AttestorSet, kind kyvernov1.ImageVerificationType) field.ErrorList {
	var errs field.ErrorList
	for i := range attestors {
		errs = append(errs, checkAttestorSet(path.Index(i), &attestors[i], kind)...)
	}
	return errs
}

func checkAttestorSet(path *field.Path, set *kyvernov1.AttestorSet, kind kyvernov1.ImageVerificationType) field.ErrorList {
	var errs field.ErrorList
	if len(set.Entries) == 0 {
		errs = append(errs, field.Required(path.Child("entries"), "say who must have signed"))
	} else if set.Count != nil && (*set.Count < 1 || int(*set.Count) > len(set.Entries)) {
		errs = append(errs, field.Invalid(path.Child("count"), *set.Count, fmt.Sprintf("choose a number from 1 to %d, the number of entries, or remove it to demand all", len(set.Entries))))
	}
	for i := range set.Entries {
		errs = append(errs, checkAttestor(path.Child("entries").Index(i), &set.Entries[i], kind)...)
	}
	return errs
}

func checkAttestor(path *field.Path, attestor *kyvernov1.Attestor, kind kyvernov1.ImageVerificationType) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"keys", attestor.Keys != nil},
		{"certificates", attestor.Certificates != nil},
		{"keyless", attestor.Keyless != nil},
		{"attestor", attestor.Attestor != nil},
	}, "give each an entry of its own")
	errs = append(errs, checkSignatureAlgorithm(path.Child("signatureAlgorithm"), attestor.SignatureAlgorithm)...)
	if kind == kyvernov1.Notary {
		for _, other := range []choice{{"keys", attestor.Keys != nil}, {"keyless", attestor.Keyless != nil}} {
			if other.set {
				errs = append(errs, field.Forbidden(path.Child(other.name), "signatures of the type Notary are checked against certificates: use certificates"))
			}
		}
	}
	if keys, at := attestor.Keys, path.Child("keys"); keys != nil {
		errs = append(errs, checkKeys(at, keys)...)
	}
	if certificates := attestor.Certificates; certificates != nil && certificates.Certificate == "" && certificates.CertificateChain == "" {
		errs = append(errs, field.Required(path.Child("certificates"), "specify cert or certChain"))
	}
	if attestor.Keyless != nil {
		errs = append(errs, checkKeyless(path.Child("keyless"), attestor.Keyless)...)
	}
	if attestor.Attestor != nil {
		errs = append(errs, checkAttestorSet(path.Child("attestor"), attestor.Attestor, kind)...)
	}
	return errs
}

func checkKeys(path *field.Path, keys *kyvernov1.StaticKeyAttestor) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"publicKeys", keys.PublicKeys != ""},
		{"kms", keys.KMS != ""},
		{"secret", keys.Secret != nil},
	}, "give each an entry of its own")
	errs = append(errs, checkSignatureAlgorithm(path.Child("signatureAlgorithm"), keys.SignatureAlgorithm)...)
	if keys.Secret == nil {
		return errs
	}
	if keys.Secret.Name == "" {
		errs = append(errs, field.Required(path.Child("secret", "name"), "name the Secret"))
	}
	if keys.Secret.Namespace == "" {
		errs = append(errs, field.Required(path.Child("secret", "namespace"), "name the namespace of the Secret"))
	}
	return errs
}

// checkKeyless asks neither for rekor.url nor for roots: without them the public-good instance, or the configured trust
// root, is meant.
func checkKeyless(path *field.Path, keyless *kyvernov1.KeylessAttestor) field.ErrorList {
	var errs field.ErrorList
	for _, expression := range []struct{ name, text string }{
		{"issuerRegExp", keyless.IssuerRegExp},
		{"subjectRegExp", keyless.SubjectRegExp},
	} {
		if _, err := regexp.Compile(expression.text); err != nil {
			errs = append(errs, field.Invalid(path.Child(expression.name), expression.text, fmt.Sprintf("write a regular expression of Go's syntax: %v", err)))
		}
	}
	return errs
}

func checkSignatureAlgorithm(path *field.Path, algorithm string) field.ErrorList {
	return oneOfValues(path, algorithm, "sha224", "sha256", "sha384", "sha512")
}

func checkImageExtractors(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	var errs field.ErrorList
	mutates := false
	for _, verification := range rule.VerifyImages {
		mutates = mutates || verification.MutateDigest == nil || *verification.MutateDigest
	}
	for _, kind := range slices.Sorted(maps.Keys(rule.ImageExtractors)) {
		for i, extractor := range rule.ImageExtractors[kind] {
			at := path.Key(kind).Index(i)
			if extractor.Path == "" {
				errs = append(errs, field.Required(at.Child("path"), "say where the image is, such as /spec/image"))
			}
			if extractor.JMESPath != "" && mutates {
				errs = append(errs, field.Forbidden(at.Child("jmesPath"), "a digest cannot be written back through an expression: set verifyImages.mutateDigest to false, or remove jmesPath"))
			}
		}
	}
	return errs
}
