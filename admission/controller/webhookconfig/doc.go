// Package webhookconfig keeps the webhook configurations equal to what the policies need, and tells each policy whether
// it is in force.
//
// What the configuration should be is a function (Desired) of the compiled policies, of what the API server serves and
// of whom it is to trust. The Controller writes it where it differs, within moments also when somebody has edited or
// deleted it, and never deletes it. It touches nothing while the policies are not loaded, nor when it cannot learn what
// the API server serves: a published configuration is never narrowed by what is not known.
//
// A policy is Ready when its rules are in the configuration as read back from the API server, and every live replica of
// the admission role holds it as it is now; a Publisher in each replica says up to which revision it holds the policies.
// kube-apiserver never acknowledges a configuration, so nothing more can be known.
//
// The Controller runs under a lease, the Publisher in every replica. Neither evaluates anything. Policies and their
// compiled form are handed in.
package webhookconfig
