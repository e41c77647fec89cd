// Package compile turns a policy into an immutable Program and tells its author, with a field path, what is wrong with
// it or not evaluated yet. It evaluates nothing; package engine, its only caller, does.
//
// A rule that does not compile takes no other down: it stays in the Program, and answers with its error.
package compile
