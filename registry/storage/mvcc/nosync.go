//go:build edict_nosync

package mvcc

// A program built with this tag acknowledges what no disk has. The tag exists for one test, which shows that the test of
// the promise, on the server as it is built, can fail.
func init() { noSync = true }
