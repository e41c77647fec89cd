// Package suite runs test suites of policies: files that name policies and resources, and say what each rule is to
// answer for each resource. It finds suites, reads what they name, has package offline judge it, and compares. A row of
// a suite that passes although nothing was evaluated, or that cannot be judged yet, says so.
//
// It reads only what a suite names, beside what it is pointed at, and nothing from a network or a cluster. Package
// cmd/edict/command and the tools in hack call it.
package suite
