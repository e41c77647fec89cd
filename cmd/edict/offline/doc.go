// Package offline judges manifests by policies without a server: it reads policies, exceptions, resources and what
// stands in for a cluster out of documents, makes the requests that a server would be sent, and puts them to the engine.
// It does no I/O but through the eval.Lookup that it is given, prints nothing, and has no opinion of its own: every
// verdict is the engine's, except that what cannot be known here is a skip that says so. Packages of cmd/edict call it.
package offline
