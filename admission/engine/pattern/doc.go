// Package pattern judges an object by a pattern: an overlay of maps and lists whose keys may carry anchors and whose
// leaves are scalars with operators. It does not know which objects a rule concerns, nor what follows from a failure;
// package compile builds its checks and the engine asks them.
//
// A pattern is compiled once into a tree. Evaluating walks that tree beside the object and allocates nothing as long
// as nobody asks why: an answer that needs words is found by a second walk that keeps track of them.
package pattern
