// Package podsecurity judges Pods, and whatever makes Pods from a template, by the Pod Security Standards. Whether a
// control is violated is for the checks of k8s.io/pod-security-admission to say; the package adds which fields violate
// it, and with that what exclusions take out. Exclusions are those of a rule and those of exceptions.
//
// It looks at no user, no operation and nothing but the object, and does not know which objects a rule concerns; package
// demand calls it, and package exception compiles its exclusions by it. Fields of Pods that the Kubernetes libraries do
// not know yet are not judged: no check of the standards asks for them.
package podsecurity
