// Package app wires edict-server: options → Config → Complete → Run. It is the one place that imports both the registries
// and admission, and decides nothing that either of them could.
//
// A process plays one or more roles (roles.go). Each is a part that is built when the Config is completed and runs until
// the process ends: api (api.go) serves and stores, admission answers webhooks, background scans. The health listener
// (health.go) speaks for all of them.
//
// The api role never takes a policy store that is missing, foreign or rolled back for "no policies": see policystore.go.
package app
