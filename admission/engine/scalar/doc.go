// Package scalar compares single values: wildcards, quantities, durations, ranges and the operators that policies
// write in front of them. It knows nothing of objects, anchors or policies; every stage of the engine that has to
// compare a value calls it.
//
// Whatever can be worked out from the policy's side alone is worked out when it is compiled. What comes from an object
// is hostile: matching takes time linear in its length, and numbers that would need unbounded arithmetic are no
// numbers.
package scalar
