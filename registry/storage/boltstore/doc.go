// Package boltstore is the storage of API objects on an mvcc store: upstream's storage.Interface, with the semantics
// that upstream's etcd3 storage has, proved by the same test suite. What it adds to mvcc is the codec, the transformer
// (encryption at rest), resource versions, selection, and the errors that a registry understands.
//
// It stores any type and knows none. It enters a registry as the Decorator of generic.RESTOptions, so that everything
// above storage.Interface is upstream's own. When a store cannot be used, the Decorator of an unavailable store takes
// its place: it answers every request with 503, so that a list never says "nothing" when it means "not known".
//
// The server that opened the mvcc store closes it; nothing here does.
package boltstore
