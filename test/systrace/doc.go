// Package systrace watches from outside what a process asks the kernel for, and tells from that alone whether what the
// process acknowledges is on the disk. It is for tests, on Linux: of the store, and of the server as it is built. It
// needs no other program, only the right of a process to trace its own child.
package systrace
