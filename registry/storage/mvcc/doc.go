// Package mvcc keeps keys and values, every change of them in order, and a revision that only grows, in one bbolt
// file. It is what boltstore builds the storage of API objects on; nobody else may call it but the server that opens
// and closes the file. It knows bytes: not objects, not Kubernetes, not what a value means.
//
// # Promises
//
//   - A write is acknowledged after the disk has acknowledged it. When a commit or its sync has failed once, nothing is
//     acknowledged any more until the file is opened again, because a page cache may lie after a failed sync.
//   - A reader never sees what is not yet synced: it reads at the last published revision, although bbolt would already
//     show it the next one.
//   - Every committed write has a revision of its own, one more than the one before, also across restarts. Concurrent
//     writers share a transaction and a sync (group commit); a single writer never waits for others to come.
//   - A watcher sees every change of its keys once, in order, from the revision that it asked for, or is told
//     ErrCompacted. It pulls, so it cannot slow a writer down; when it falls behind what is kept in memory it reads on
//     in the file.
//
// # Layout
//
// The file has five buckets. Numbers in keys are big-endian, so that bbolt's order is numeric order.
//
//	meta     format, id, revision, compacted, length
//	live     key            → the current version of the key, with its value
//	history  key 0x00 start → a superseded version, with its value and the revision that ended it
//	log      revision       → what happened: put or delete, of which key, superseding which revision
//	expiry   time key       → nothing; an index of the live versions that expire
//
// A value is held once: in live while it is current, in history after that. Every record has a format byte and a
// checksum, so a damaged value is an error and never served. A new store is at revision 1. Five writes
//
//	2 put a=x    3 put b=y    4 put a=z    5 delete b    6 put b=w
//
// leave this behind (c: created at, m: modified at, v: version)
//
//	live     a → c2 m4 v2 z          b → c6 m6 v1 w
//	history  a 2 → c2 m2 v1 end 4 x  b 3 → c3 m3 v1 end 5 y
//	log      2 put a (0)  3 put b (0)  4 put a (2)  5 delete b (3)  6 put b (0)
//
// A version holds from its own revision until the one that ended it, so reading at 4 finds a in live (4 ≤ 4) and b in
// history (3 ≤ 4 < 5); reading at 5 finds no b, with no tombstone to look for. The log says where the value of an event
// is: event 4 is a's version 4, in live, and the previous value is a's version 2, in history.
//
// Compacting to 4 forgets what only reads before 4 could ask for. The log says which versions those are, so the cost is
// that of the changes and not of the keys: entries 2 to 4 go, and with entry 4 goes the version that it superseded.
//
//	live     a → c2 m4 v2 z          b → c6 m6 v1 w
//	history                          b 3 → c3 m3 v1 end 5 y
//	log                              5 delete b (3)  6 put b (0)
//
// Reads at 4, 5 and 6 still work, and so does a watch that starts with event 5. Compaction runs in small transactions
// between those of writers; one that was cut short by a crash is finished after the next Open.
//
// bbolt's free list is kept in the file. Each commit writes it, which costs when a large compaction has left many free
// pages; but without it bbolt walks all pages when it opens the file, in a goroutine of its own whose panic on a damaged
// page nobody can catch.
//
// # Locks
//
// One goroutine writes (commit.go); it holds writing for the length of a transaction, which only Check contends for.
// ring.mu and hub.mu (feed.go) are held for the length of a memory copy, never together, and never while the file is
// read. compactMu is held for the length of a compaction and taken before any of the others.
package mvcc
