// Package registry is how the API server turns requests into stored objects:
//
//	request → strategy → genericregistry.Store → boltstore → mvcc
//
// A strategy (registry/<group>) prepares what was sent, records who sent it and checks it; upstream's
// genericregistry.Store does create, update, patch, delete, list and watch; boltstore (registry/storage/boltstore) is its
// storage, and mvcc (registry/storage/mvcc) the file. install.go is the table of contents: every group, version and
// resource that is served.
//
// Registries import neither the store nor the engine. Storage arrives as a generic.RESTOptionsGetter, judgement as a
// Validator, both from cmd/edict-server/app, which alone calls this package.
package registry
