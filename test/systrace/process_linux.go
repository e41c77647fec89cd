package systrace

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call is a system call, seen when a thread begins it and once more when it returns. The thread stands still meanwhile.
type Call struct {
	Thread int
	Number uint64
	Args   [6]uint64
	// Returned is false at the beginning; Failed is known after that.
	Returned, Failed bool
}

// Memory reads what an argument of the call points to.
func (c Call) Memory(address, length uint64) ([]byte, error) {
	data := make([]byte, length)
	if length == 0 {
		return data, nil
	}
	local := []unix.Iovec{{Base: &data[0]}}
	local[0].SetLen(len(data))
	n, err := unix.ProcessVMReadv(c.Thread, local, []unix.RemoteIovec{{Base: uintptr(address), Len: len(data)}}, 0)
	if err == nil && n < len(data) {
		err = fmt.Errorf("%d bytes of %d", n, len(data))
	}
	if err != nil {
		return nil, fmt.Errorf("read the memory of the traced process: %w", err)
	}
	return data, nil
}

// Process is one that is traced from its first instruction on.
type Process struct {
	pid  int
	done chan struct{}
	err  error
}

// Start runs the command and calls observe for each system call of each of its threads, one after the other. The error
// is os.ErrPermission where the system does not let a process trace its child. The process ends with this one.
func Start(cmd *exec.Cmd, observe func(Call)) (*Process, error) {
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		// The kernel takes requests only from the thread that began to trace.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := p.start(cmd); err != nil {
			started <- err
			return
		}
		started <- nil
		if p.err = p.follow(observe); p.err != nil {
			_ = p.Kill()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Kill ends the process without a chance to do anything.
func (p *Process) Kill() error { return unix.Kill(p.pid, unix.SIGKILL) }

// Wait returns when the process is gone; nil when it exited with 0.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Done is closed when the process is gone.
func (p *Process) Done() <-chan struct{} { return p.done }

func (p *Process) start(cmd *exec.Cmd) error {
	// A process group of its own is what its threads can be waited for by.
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s to trace it: %w", cmd.Path, err)
	}
	p.pid = cmd.Process.Pid
	// It is waited for here, by threads.
	if err := cmd.Process.Release(); err != nil {
		return err
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(p.pid, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		return fmt.Errorf("%s did not stop at its start: status %v, %w", cmd.Path, status, err)
	}
	if err := unix.PtraceSetOptions(p.pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL); err != nil {
		return errors.Join(fmt.Errorf("trace %s: %w", cmd.Path, err), p.Kill())
	}
	return nil
}

// follow lets the threads run from one system call to the next until the process ends.
func (p *Process) follow(observe func(Call)) error {
	calls := map[int]Call{} // by thread, those that did not return yet
	for thread, signal := p.pid, 0; ; {
		// What was stopped may be gone by now.
		if err := unix.PtraceSyscall(thread, signal); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("resume thread %d: %w", thread, err)
		}
		var status unix.WaitStatus
		var err error
		if thread, status, err = p.next(); err != nil || !status.Stopped() {
			return err
		}
		signal = 0
		switch status.StopSignal() {
		case unix.SIGTRAP | 0x80:
			info, err := syscallInfoOf(thread)
			switch {
			case errors.Is(err, unix.ESRCH):
			case err != nil:
				return fmt.Errorf("what thread %d asks the kernel for: %w", thread, err)
			case info.op == infoEntry:
				calls[thread] = Call{Thread: thread, Number: info.first, Args: info.args}
				observe(calls[thread])
			case info.op == infoExit:
				if call, ok := calls[thread]; ok {
					call.Returned, call.Failed = true, byte(info.args[0]) != 0
					delete(calls, thread)
					observe(call)
				}
			}
		case unix.SIGTRAP, unix.SIGSTOP:
			// A new thread, or that one was made.
		default:
			signal = int(status.StopSignal())
		}
	}
}

// next waits for a thread to stop. When the process as a whole has ended, the status is none of a stop.
func (p *Process) next() (thread int, status unix.WaitStatus, err error) {
	for {
		thread, err = unix.Wait4(-p.pid, &status, unix.WALL, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, status, fmt.Errorf("wait for the traced process: %w", err)
		case status.Stopped():
			return thread, status, nil
		case thread != p.pid:
			// One thread of several.
		case status.Signaled():
			return 0, status, fmt.Errorf("the traced process was ended by signal %v", status.Signal())
		case status.ExitStatus() != 0:
			return 0, status, fmt.Errorf("the traced process exited with %d", status.ExitStatus())
		default:
			return 0, status, nil
		}
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

func syscallInfoOf(thread int) (syscallInfo, error) {
	var info syscallInfo
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(thread), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return info, errno
	}
	return info, nil
}
