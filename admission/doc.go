// Package admission is how Edict judges: everything between a request that kube-apiserver asks about and the answer.
// It holds no code of its own; this is the map.
//
// # The path of one request
//
// [webhook] decodes an AdmissionReview into an eval.Request (object, old object, user, operation) and asks [policyset]
// for the Programs and exceptions that concern its kind, operation and namespace → [engine] picks the rules by match and
// exclude, those that autogen derived among them → per rule, preconditions and exceptions are asked, and [lookup] answers
// on demand what the request does not hold: context, roles, labels of namespaces → what the rule demands judges: a
// pattern, conditions, each element of a list, the Pod Security Standards, CEL → the []eval.Decision goes back through
// [webhook] as the answer. A scan ([scan]) enters at [engine] with objects that exist, and has [report] turn the
// decisions into reports; the command line enters there with manifests. Nothing else differs.
//
// Beside that path, [controller] runs the loops that keep it possible: [certs] makes and renews the certificates that
// the webhooks are served with, and [webhookconfig] keeps the webhook configurations equal to what the policies need
// and tells each policy whether it is in force. Neither stands in the way of a request: a replica that holds a snapshot
// answers from memory, whatever else is down.
//
// # Vocabulary
//
// One word, one meaning:
//
//   - validate: an API object is well formed
//   - evaluate: a policy judges a resource
//   - check: an invariant holds
//
// [webhook]: https://pkg.go.dev/github.com/edict-dev/edict/admission/webhook
// [policyset]: https://pkg.go.dev/github.com/edict-dev/edict/admission/policyset
// [engine]: https://pkg.go.dev/github.com/edict-dev/edict/admission/engine
// [lookup]: https://pkg.go.dev/github.com/edict-dev/edict/admission/lookup
// [controller]: https://pkg.go.dev/github.com/edict-dev/edict/admission/controller
// [certs]: https://pkg.go.dev/github.com/edict-dev/edict/admission/controller/certs
// [scan]: https://pkg.go.dev/github.com/edict-dev/edict/admission/controller/scan
// [report]: https://pkg.go.dev/github.com/edict-dev/edict/admission/report
// [webhookconfig]: https://pkg.go.dev/github.com/edict-dev/edict/admission/controller/webhookconfig
package admission
