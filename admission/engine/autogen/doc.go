// Package autogen derives, from rules on Pods, rules on the controllers that make Pods: what a rule demands of a Pod it
// then demands of the template in a Deployment, and of the template within the template in a CronJob. So a mistake is
// told where it was made, and not only when the controller creates its Pods. Those are judged all the same.
//
// It works on rules as they are written, by wrapping patterns and by replacing text in expressions, and neither compiles
// nor evaluates any. It never changes a policy: derived rules are shown in status and stay out of spec. Package compile,
// its only caller, compiles them like any other rule.
package autogen
