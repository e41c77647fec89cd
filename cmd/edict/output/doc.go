// Package output shows what was judged: as text and tables for people, and as JSON, YAML, PolicyReport, JUnit and SARIF
// for programs. Names and messages come from whoever wrote the policies and objects; a Terminal lets none of them
// speak to the terminal. Package cmd/edict/command calls it.
package output
