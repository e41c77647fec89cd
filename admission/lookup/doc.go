// Package lookup is eval.Lookup with I/O: what rules need beyond the request. Cluster reads it from a cluster, with the
// rights of the role that evaluates; Static answers from what was given beforehand, for the command line and for test
// suites, and says of everything else how to give it.
//
// It judges nothing, logs nothing of what it reads, and remembers it no longer than for one request, but for what
// informers hold. Roles of cmd/edict-server/app and the command line may call it; the engine sees it as an eval.Lookup.
package lookup
