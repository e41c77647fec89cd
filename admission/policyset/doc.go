// Package policyset holds the policies of the cluster in memory, compiled, and the exceptions from them: admission answers
// from it whatever else is down. Informers feed it; each change makes a new, immutable Snapshot, and every reader works
// with the one that it has got. A policy is compiled when what compilation reads has changed, and not when its status
// has.
//
// A Set has no snapshot until all kinds have been listed once, and from then on always the last good one: an informer
// that fails stops it from advancing, and nothing empties it but the deletion of the policies. Which exceptions are
// honoured is settled here, by namespace. It evaluates nothing and writes nothing. Webhook and controllers do not import
// it; they see it through interfaces of their own.
package policyset
