// Package kyverno is what the policy kinds of the group kyverno.io have in common as resources: how an object is
// prepared and checked before it is stored, who is recorded as its author, its status subresource and its table.
// The packages beneath it say what each kind adds: its names and its validation.
//
// It stores nothing itself (that is what generic.RESTOptions hold) and judges nothing: what the engine has to say about
// a policy comes through a Validator. Only registry and the packages beneath this one call it.
package kyverno
