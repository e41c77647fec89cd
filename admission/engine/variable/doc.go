// Package variable substitutes what policies write as {{ expression }} and $(reference), and holds the data that
// expressions see: the request, the elements of a foreach, and the entries of a rule's context, which are looked up
// when they are first mentioned.
//
// It compiles texts and contexts of policies, and evaluates them for one request; it judges nothing, and leaves what
// an expression means to package jmespath. Conditions, patterns and the compiler of policies call it.
//
// What a policy says is code, what an expression yields is data: a value that is put into a text is never looked
// through for further variables, and a value that is put into an expression can only be a name, a number or a part of a
// string of it.
package variable
