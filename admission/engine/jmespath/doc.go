// Package jmespath compiles JMESPath expressions with the functions that policies may call, and evaluates them on
// decoded JSON. It knows nothing of rules or of the variables that an expression may name; the stages of the engine
// that substitute variables call it, and the command line, which lets people try expressions.
//
// The dialect is that of Kyverno's fork of go-jmespath: an unknown key of an object is an error, which most of what can
// stand around a key turns into null. Numbers may be int64 or float64 and are compared as numbers.
//
// Expressions are compiled once into closures, which serve any number of evaluations at a time. Whatever can be told
// from the text is an error of Compile, with its column. An expression is as hostile as the data: its size and nesting
// are bounded before it is parsed, and a Budget bounds what its evaluation builds and does.
package jmespath
