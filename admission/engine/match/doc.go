// Package match decides whether a rule concerns a request: its match and exclude blocks, and for a namespaced Policy
// the policy's own namespace. It judges no values and knows no rule types; package compile builds its matchers.
//
// Where a question cannot be answered, because the labels of a namespace cannot be told, the answer is an error unless
// it makes no difference; it is never taken for a no.
package match
