package mvcc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const tracedWrites = 20

func init() {
	children["synced"] = func(path string) error { return traceChild(Config{Path: path}) }
	children["nosync"] = func(path string) error { return traceChild(Config{Path: path, noSync: true}) }
}

// traceChild makes some writes, one after the other. It says on standard output that it begins one, and on standard
// error that one was acknowledged, each by a single system call that the tracer sees.
func traceChild(config Config) error {
	s, err := Open(config)
	if err != nil {
		return err
	}
	ctx := context.Background()
	// Free pages, so that the file does not grow while it is watched.
	for range 2 {
		if _, err := s.Write(ctx, Op{Type: Put, Key: []byte("a"), Value: make([]byte, 1<<20), Expect: AnyRevision}); err != nil {
			return err
		}
	}
	if err := s.Compact(ctx, s.Revision()); err != nil {
		return err
	}
	for range tracedWrites {
		if _, err := syscall.Write(1, []byte("begin\n")); err != nil {
			return err
		}
		if _, err := s.Write(ctx, Op{Type: Put, Key: []byte("b"), Value: []byte("x"), Expect: AnyRevision}); err != nil {
			return err
		}
		if _, err := syscall.Write(2, []byte("acknowledged\n")); err != nil {
			return err
		}
	}
	return s.Close()
}

// TestSyncBeforeAcknowledgement sees the system calls of a real process: between the beginning of each write and its
// acknowledgement something must be written to the file, and the last of it must be synced.
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

// durability follows the system calls of a process that makes one write at a time.
type durability struct {
	// wrote is set when something was written to the file since the last beginning, dirty while it is not synced.
	wrote, dirty bool
	began        bool
	acknowledged int
	unsynced     int
}

func (d *durability) enter(call uint64, fd uint64) {
	switch {
	case call == unix.SYS_PWRITE64:
		d.wrote, d.dirty = true, true
	case call == unix.SYS_WRITE && fd == 1:
		d.began, d.wrote = true, false
	case call == unix.SYS_WRITE && fd == 2 && d.began:
		d.acknowledged++
		if !d.wrote || d.dirty {
			d.unsynced++
		}
	}
}

func (d *durability) leave(call uint64, failed bool) {
	if (call == unix.SYS_FDATASYNC || call == unix.SYS_FSYNC) && !failed {
		d.dirty = false
	}
}

// syscallInfo is struct ptrace_syscall_info of linux/ptrace.h.
type syscallInfo struct {
	op    uint8
	_     [3]byte
	_     uint32
	_     [2]uint64
	first uint64
	// args of the call when it is entered; after it, first is the result and the first byte here is set for a failure.
	args [6]uint64
}

const (
	infoEntry = 1
	infoExit  = 2
)

func getSyscallInfo(pid int) (syscallInfo, error) {
	var info syscallInfo
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(pid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return info, errno
	}
	return info, nil
}

// trace runs a child and stops it at each system call.
func trace(t *testing.T, child string) (acknowledged, unsynced int) {
	t.Helper()
	// The kernel takes requests only from the thread that began to trace.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := childCommand(t, child, filepath.Join(t.TempDir(), "policies.db"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, os.ErrPermission) {
			t.Skipf("this system does not let a process trace its child: %v", err)
		}
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	defer func() { _ = cmd.Process.Release() }()
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		t.Fatalf("the child did not stop at its start: %v, %v", status, err)
	}
	if err := unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	var d durability
	calls := map[int]uint64{}
	for stopped, signal := pid, 0; ; {
		// What was stopped may be gone by now.
		if err := unix.PtraceSyscall(stopped, signal); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
		for status = 0; !status.Stopped(); {
			var err error
			stopped, err = unix.Wait4(-pid, &status, unix.WALL, nil)
			switch {
			case errors.Is(err, unix.EINTR):
				status = 0
			case err != nil:
				t.Fatalf("wait for the child: %v", err)
			case stopped == pid && (status.Exited() || status.Signaled()):
				if status.ExitStatus() != 0 {
					t.Fatalf("the child failed: %v", status)
				}
				return d.acknowledged, d.unsynced
			}
		}
		signal = 0
		switch status.StopSignal() {
		case unix.SIGTRAP | 0x80:
			info, err := getSyscallInfo(stopped)
			if err != nil {
				t.Fatalf("what the child asks the kernel for: %v", err)
			}
			switch info.op {
			case infoEntry:
				calls[stopped] = info.first
				d.enter(info.first, info.args[0])
			case infoExit:
				d.leave(calls[stopped], byte(info.args[0]) != 0)
			}
		case unix.SIGTRAP, unix.SIGSTOP:
			// A new thread, or that one was made.
		default:
			signal = int(status.StopSignal())
		}
	}
}
