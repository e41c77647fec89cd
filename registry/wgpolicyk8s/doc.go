// Package wgpolicyk8s is what the report kinds of the group wgpolicyk8s.io have in common as resources: how a report is
// prepared and checked before it is stored, and its table. The packages beneath it say what each kind adds: its names and
// its validation.
//
// Reports have no status, no short way to be judged and no category; other tools write them too. It stores nothing
// itself (that is what generic.RESTOptions hold). Only registry and the packages beneath this one call it.
package wgpolicyk8s
