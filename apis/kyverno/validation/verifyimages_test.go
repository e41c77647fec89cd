package validation

import "testing"

func TestImageVerification(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"valid": {rule: matchPods + `
imageExtractors: {Task: [{path: /spec/image}]}
verifyImages:
- failureAction: Enforce
  imageReferences: ["*"]
  attestors:
  - count: 1
    entries:
    - {keys: {publicKeys: pem}, signatureAlgorithm: sha512}
    - {keys: {secret: {name: a, namespace: b}}}
    - {certificates: {cert: pem}}
    - {keyless: {issuerRegExp: "https://.*", subject: "*", rekor: {url: "https://rekor"}}}
    - {attestor: {entries: [{keys: {kms: "awskms://a"}}]}}
  attestations: [{type: t, attestors: [{entries: [{keyless: {roots: pem}}]}]}]
- {image: "*", key: pem, mutateDigest: false}`},
		"incomplete": {
			rule: matchPods + `
verifyImages:
- failureAction: Enforce
  attestors:
  - {}
  - {count: 3, entries: [{}, {keys: {}, certificates: {}}]}
  - {count: 0, entries: [{keyless: {}}]}
  - entries: [{keys: {publicKeys: a, secret: {name: "", namespace: ""}}}, {attestor: {}}]
  attestations: [{attestors: [{}]}, {type: a, predicateType: b}]
  imageRegistryCredentials: {providers: [x]}`,
			want: []string{
				`spec.rules[0].verifyImages[0].imageReferences: Required value: say which images are meant; * means all`,
				`spec.rules[0].verifyImages[0].attestors[0].entries: Required value: say who must have signed`,
				`spec.rules[0].verifyImages[0].attestors[1].count: Invalid value: 3: choose a number from 1 to 2, the number of entries, or remove it to demand all`,
				`spec.rules[0].verifyImages[0].attestors[1].entries[0]: Required value: specify one of keys, certificates, keyless and attestor`,
				`spec.rules[0].verifyImages[0].attestors[1].entries[1].certificates: Forbidden: cannot be combined with keys: give each an entry of its own`,
				`spec.rules[0].verifyImages[0].attestors[1].entries[1].keys: Required value: specify one of publicKeys, kms and secret`,
				`spec.rules[0].verifyImages[0].attestors[1].entries[1].certificates: Required value: specify cert or certChain`,
				`spec.rules[0].verifyImages[0].attestors[2].count: Invalid value: 0: choose a number from 1 to 1, the number of entries, or remove it to demand all`,
				`spec.rules[0].verifyImages[0].attestors[3].entries[0].keys.secret: Forbidden: cannot be combined with publicKeys: give each an entry of its own`,
				`spec.rules[0].verifyImages[0].attestors[3].entries[0].keys.secret.name: Required value: name the Secret`,
				`spec.rules[0].verifyImages[0].attestors[3].entries[0].keys.secret.namespace: Required value: name the namespace of the Secret`,
				`spec.rules[0].verifyImages[0].attestors[3].entries[1].attestor.entries: Required value: say who must have signed`,
				`spec.rules[0].verifyImages[0].attestations[0]: Required value: specify one of type and predicateType`,
				`spec.rules[0].verifyImages[0].attestations[0].attestors[0].entries: Required value: say who must have signed`,
				`spec.rules[0].verifyImages[0].attestations[1].predicateType: Forbidden: cannot be combined with type: remove it`,
				`spec.rules[0].verifyImages[0].imageRegistryCredentials.providers[0]: Unsupported value: "x": supported values: "default", "google", "azure", "amazon", "github"`,
			},
		},
		"unknown words": {
			rule: matchPods + `
verifyImages:
- failureAction: audit
  type: Docker
  imageReferences: ["*"]
  mutateDigest: false
  attestors: [{entries: [{keyless: {roots: pem}, signatureAlgorithm: md5}, {keys: {publicKeys: pem, signatureAlgorithm: sha1}}]}]`,
			want: []string{
				`spec.rules[0].verifyImages[0].failureAction: Unsupported value: "audit": supported values: "Audit", "Enforce"`,
				`spec.rules[0].verifyImages[0].type: Unsupported value: "Docker": supported values: "Cosign", "SigstoreBundle", "Notary"`,
				`spec.rules[0].verifyImages[0].attestors[0].entries[0].signatureAlgorithm: Unsupported value: "md5": supported values: "sha224", "sha256", "sha384", "sha512"`,
				`spec.rules[0].verifyImages[0].attestors[0].entries[1].keys.signatureAlgorithm: Unsupported value: "sha1": supported values: "sha224", "sha256", "sha384", "sha512"`,
			},
		},
		"D04 regular expressions that do not compile": {
			rule: matchPods + `verifyImages: [{failureAction: Enforce, imageReferences: ["*"], attestors: [{entries: [{keyless: {roots: pem, issuerRegExp: "(", subjectRegExp: "(a{1000}){1000}"}}]}]}]`,
			want: []string{
				"spec.rules[0].verifyImages[0].attestors[0].entries[0].keyless.issuerRegExp: Invalid value: \"(\": write a regular expression of Go's syntax: error parsing regexp: missing closing ): `(`",
				"spec.rules[0].verifyImages[0].attestors[0].entries[0].keyless.subjectRegExp: Invalid value: \"(a{1000}){1000}\": write a regular expression of Go's syntax: error parsing regexp: invalid repeat count: `{1000}`",
			},
		},
		"Notary knows certificates only": {
			rule: matchPods + "verifyImages: [{failureAction: Enforce, type: Notary, imageReferences: ['*'], attestors: [{entries: [{keys: {publicKeys: pem}}, {keyless: {roots: pem}}, {certificates: {certChain: pem}}]}]}]",
			want: []string{
				`spec.rules[0].verifyImages[0].attestors[0].entries[0].keys: Forbidden: signatures of the type Notary are checked against certificates: use certificates`,
				`spec.rules[0].verifyImages[0].attestors[0].entries[1].keyless: Forbidden: signatures of the type Notary are checked against certificates: use certificates`,
			},
		},
		"a digest cannot be written by who only audits": {
			rule: matchPods + "verifyImages: [{imageReferences: ['*']}, {imageReferences: ['*'], failureAction: Audit, mutateDigest: true}]",
			want: []string{
				`spec.rules[0].verifyImages[0].mutateDigest: Invalid value: true: a rule that only audits cannot change resources: set mutateDigest to false, or failureAction to Enforce`,
				`spec.rules[0].verifyImages[1].mutateDigest: Invalid value: true: a rule that only audits cannot change resources: set mutateDigest to false, or failureAction to Enforce`,
			},
		},
		"the policy's action counts": {
			spec: "validationFailureAction: enforce",
			rule: matchPods + "verifyImages: [{imageReferences: ['*']}]",
		},
		"image extractors": {
			rule: matchPods + "imageExtractors: {B: [{path: ''}], A: [{path: /a, jmesPath: b}]}\nverifyImages: [{failureAction: Enforce, imageReferences: ['*']}]",
			want: []string{
				`spec.rules[0].imageExtractors[A][0].jmesPath: Forbidden: a digest cannot be written back through an expression: set verifyImages.mutateDigest to false, or remove jmesPath`,
				`spec.rules[0].imageExtractors[B][0].path: Required value: say where the image is, such as /spec/image`,
			},
		},
	})
}
