package mvcc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// crashRounds is how often a writing process is killed; EDICT_CRASH_ROUNDS overrides it.
const crashRounds = 10

const crashWriters = 8

// crashChild writes as fast as it can, says what was acknowledged, and goes on until it is killed. Each writer counts
// in a key of its own, going on from what it finds there, and sometimes deletes and creates it again.
func crashChild(path string) error {
	s, err := Open(Config{Path: path, Retain: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	ctx := context.Background()
	failed := make(chan error)
	for writer := range crashWriters {
		go func() {
			key := fmt.Appendf(nil, "writer-%d", writer)
			kv, _, err := s.Get(ctx, key, 0)
			for n := int64(1); err == nil; n++ {
				op := Op{Type: Put, Key: key}
				if kv != nil {
					op.Expect = kv.ModRevision
				}
				if n%50 == 0 && kv != nil {
					op.Type = Delete
				} else {
					op.Value = bytes.Repeat(strconv.AppendInt(nil, n, 10), 1+rand.IntN(200))
				}
				var revision int64
				if revision, err = s.Write(ctx, op); err != nil {
					break
				}
				// One system call a line: what is printed is printed whole.
				_, err = fmt.Fprintf(os.Stdout, "%d %s %s %q\n", revision, op.Type, key, op.Value)
				kv = &KeyValue{ModRevision: revision}
				if op.Type == Delete {
					kv = nil
				}
			}
			failed <- err
		}()
	}
	return <-failed
}

type acknowledged struct {
	revision int64
	deleted  bool
	key      string
	value    string
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	rounds := crashRounds
	if s := os.Getenv("EDICT_CRASH_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "policies.db")
	total := 0
	for round := range rounds {
		acks := killWhileWriting(t, path)
		total += len(acks)
		checkAcknowledged(t, path, acks)
		if t.Failed() {
			t.Fatalf("round %d of %d", round, rounds)
		}
	}
	if total < rounds {
		t.Fatalf("only %d writes were acknowledged in %d rounds: nothing was tested", total, rounds)
	}
	t.Logf("%d rounds, %d acknowledged writes", rounds, total)
}

// killWhileWriting lets a process write for a moment after its first acknowledged write, and returns what it said.
func killWhileWriting(t *testing.T, path string) []acknowledged {
	t.Helper()
	cmd := childCommand(t, "crash", path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acks []acknowledged
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a acknowledged
		var operation string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s %s %q", &a.revision, &operation, &a.key, &a.value); err != nil {
			// The last line may be cut short by the kill; the write that it is about counts as not acknowledged.
			continue
		}
		a.deleted = operation == Delete.String()
		if len(acks) == 0 {
			time.AfterFunc(time.Duration(rand.Int64N(int64(80*time.Millisecond))), func() { _ = cmd.Process.Kill() })
		}
		acks = append(acks, a)
	}
	err = cmd.Wait()
	if len(acks) == 0 || stderr.Len() > 0 {
		t.Fatalf("the writing process ended with %v: %s", err, stderr.String())
	}
	return acks
}

func checkAcknowledged(t *testing.T, path string, acks []acknowledged) {
	t.Helper()
	s, err := Open(Config{Path: path, Retain: -1})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	defer func() {
		if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
			t.Error(err)
		}
	}()
	last := map[string]acknowledged{}
	for _, a := range acks {
		if a.revision > s.Revision() {
			t.Errorf("revision %d was acknowledged, the store is at %d", a.revision, s.Revision())
		}
		if a.revision > last[a.key].revision {
			last[a.key] = a
		}
		checkEvent(t, s, a)
	}
	for key, a := range last {
		kv, _, err := s.Get(ctx, []byte(key), 0)
		if err != nil {
			t.Fatal(err)
		}
		// One write after the last acknowledged one may have been committed too.
		exact := kv == nil && a.deleted || kv != nil && !a.deleted && kv.ModRevision == a.revision && string(kv.Value) == a.value
		later := kv == nil && !a.deleted || kv != nil && kv.ModRevision > a.revision
		if !exact && !later {
			t.Errorf("%s: %+v was acknowledged, the store has %+v", key, a, kv)
		}
		if later {
			checkLater(t, s, a)
		}
	}
}

// checkEvent looks for the acknowledged write in the log, if it is not compacted.
func checkEvent(t *testing.T, s *Store, a acknowledged) {
	t.Helper()
	e, ok := eventAt(t, s, a.key, a.revision)
	if !ok {
		return
	}
	if e.Revision != a.revision || (e.Type == Delete) != a.deleted || string(e.Value) != a.value {
		t.Errorf("%+v was acknowledged, the log has %s %q at %d", a, e.Type, e.Key, e.Revision)
	}
}

// checkLater makes sure that what is not as acknowledged was changed by a later write, and was not lost.
func checkLater(t *testing.T, s *Store, a acknowledged) {
	t.Helper()
	if e, ok := eventAt(t, s, a.key, a.revision+1); ok && e.Revision <= a.revision {
		t.Errorf("after %+v came %+v", a, e)
	} else if !ok && s.Compacted() <= a.revision {
		t.Errorf("%+v is gone, and nothing came after it", a)
	}
}

// eventAt is the first event of a key from a revision on; not ok when it is compacted, or there is none.
func eventAt(t *testing.T, s *Store, key string, revision int64) (Event, bool) {
	t.Helper()
	w, err := s.Watch(WatchOptions{Key: []byte(key), Start: revision})
	if errors.Is(err, ErrCompacted) {
		return Event{}, false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	w.RequestProgress()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	batch, err := w.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(batch.Events) == 0 {
		return Event{}, false
	}
	return batch.Events[0], true
}
