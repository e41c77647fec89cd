// Package webhook answers AdmissionReviews: it turns one into an eval.Request, has the engine evaluate the policies that
// concern it, and turns the decisions into the answer. Which decisions refuse a request is said in one function
// (refusals, in failurepolicy.go).
//
// It holds no policies and reads nothing from the cluster: the compiled policies and what rules look up are handed in.
// Who is exempt is decided before a review reaches it, by the match conditions of the webhook configuration, and never
// here. It has no side effects, so dry-run requests need no care of their own. Only cmd/edict-server/app may import it.
//
// There are two paths, of the webhooks that fail closed and of those that fail open, and on both every policy that
// concerns the request is evaluated. So a policy that moves from one to the other is in force all the while, though
// kube-apiserver hears of it later. Whether a rule's error refuses is the policy's own failurePolicy and not the path's.
//
// An error never becomes an allow. What is no well-formed review gets an HTTP error, and so does every review while the
// policies are not loaded and every one whose evaluation breaks down; kube-apiserver then does what the failurePolicy of
// the webhook says.
package webhook
