// Package condition evaluates the conditions of policies: preconditions, deny conditions, and those of exceptions. It
// knows the operators and how any and all, or the older list, bring them together; what keys and values are is left to
// package variable. Checks, exceptions and the compiler of policies call it.
//
// A condition never panics and never holds because it could not be evaluated: what does not fit its operator makes it
// false, and what cannot be told is an error.
package condition
