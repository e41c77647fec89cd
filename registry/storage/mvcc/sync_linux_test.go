package mvcc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/edict-dev/edict/test/systrace"
)

const tracedWrites = 20

func init() {
	children["synced"] = traceChild
	children["nosync"] = func(path string) error {
		noSync = true
		return traceChild(path)
	}
}

// traceChild makes some writes, one after the other, and says on standard error, by a system call that the tracer sees,
// which one was acknowledged.
func traceChild(path string) error {
	s, err := Open(Config{Path: path})
	if err != nil {
		return err
	}
	for i := range tracedWrites {
		mark := []byte(systrace.Mark(1, i))
		if _, err := s.Write(context.Background(), Op{Type: Put, Key: []byte("b"), Value: mark, Expect: AnyRevision}); err != nil {
			return err
		}
		if _, err := syscall.Write(2, mark); err != nil {
			return err
		}
	}
	return s.Close()
}

// TestSyncBeforeAcknowledgement sees the system calls of a real process: when a write is acknowledged, its pages and
// then a meta page must have been written and synced. test/crash does the same to the server.
func TestSyncBeforeAcknowledgement(t *testing.T) {
	acknowledged, unsynced := trace(t, "synced")
	if acknowledged != tracedWrites || unsynced != 0 {
		t.Errorf("%d of %d acknowledged writes were not synced, want 0 of %d", unsynced, acknowledged, tracedWrites)
	}
}

// TestSyncIsMissedWithoutSync shows that the test above can fail.
func TestSyncIsMissedWithoutSync(t *testing.T) {
	acknowledged, unsynced := trace(t, "nosync")
	if acknowledged != tracedWrites || unsynced != tracedWrites {
		t.Errorf("without sync, %d of %d acknowledged writes count as not synced, want all of %d", unsynced, acknowledged, tracedWrites)
	}
}

func trace(t *testing.T, child string) (acknowledged, unsynced int) {
	t.Helper()
	durability := systrace.NewDurability("policies.db")
	process, err := systrace.Start(childCommand(t, child, filepath.Join(t.TempDir(), "policies.db")), func(c systrace.Call) {
		durability.Observe(c)
		if c.Number != unix.SYS_WRITE || c.Args[0] != 2 || c.Returned {
			return
		}
		mark, err := c.Memory(c.Args[1], c.Args[2])
		if err != nil {
			t.Error(err)
		}
		acknowledged++
		if !durability.Durable(string(mark)) {
			unsynced++
		}
	})
	if errors.Is(err, os.ErrPermission) {
		t.Skipf("this system does not let a process trace its child: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(process.Wait(), durability.Err()); err != nil {
		t.Fatal(err)
	}
	return acknowledged, unsynced
}
