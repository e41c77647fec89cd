// Package exception decides whether a PolicyException exempts a request from a rule. It does not know which exceptions
// are honoured at all, that is for whoever gathers them to say, nor what follows for the rule: package engine, its only
// caller, skips it or lowers its demands.
//
// An exception takes protection away, so wherever it is in doubt it does not apply: an error is never taken for a yes.
package exception
