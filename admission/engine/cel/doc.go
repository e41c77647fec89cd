// Package cel judges requests by CEL expressions, with the meaning that they have in a ValidatingAdmissionPolicy: the
// libraries, the cost limits and the types of kube-apiserver. Expressions see object, oldObject, request, params,
// namespaceObject and the rule's variables; the authorizer is not given to them. They are compiled and type-checked
// once; params and namespaceObject are read only when an expression that is evaluated asks for them.
//
// As there, an expression that cannot be evaluated, or that costs too much, counts as one that does not hold. Only data
// that cannot be read is an error. The package does not know which requests a rule concerns; package demand calls it for
// rules, and package compile for conditions of webhooks.
package cel
