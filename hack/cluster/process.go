package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// start runs a program in the background with its output in logs/NAME.log, and records which process it is.
func (c *cluster) start(name, program string, args ...string) error {
	if c.running(name) {
		return nil
	}
	for _, dir := range []string{"logs", "run"} {
		if err := os.MkdirAll(c.path(dir), 0o755); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(c.path("logs", name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	identity := fmt.Sprintf("%d %s\n", cmd.Process.Pid, startTime(cmd.Process.Pid))
	if err := os.WriteFile(c.pidFile(name), []byte(identity), 0o644); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	return cmd.Process.Release()
}

// stop ends a process that start began and waits until it is gone: kube-apiserver drains, and a successor started at
// once would find its port taken.
func (c *cluster) stop(name string) error {
	pid, ok := c.pid(name)
	if ok {
		say("stopping %s", name)
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s: %w", name, err)
		}
		for deadline := time.Now().Add(30 * time.Second); c.running(name); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				say("%s does not stop; killing it", name)
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					return fmt.Errorf("kill %s: %w", name, err)
				}
				deadline = time.Now().Add(30 * time.Second)
			}
		}
	}
	if err := os.Remove(c.pidFile(name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (c *cluster) pidFile(name string) string { return c.path("run", name+".pid") }

func (c *cluster) running(name string) bool {
	_, ok := c.pid(name)
	return ok
}

// pid finds the process that start recorded. Process ids are reused, so the start time has to agree too.
func (c *cluster) pid(name string) (int, bool) {
	b, err := os.ReadFile(c.pidFile(name))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(b))
	if len(fields) != 2 {
		return 0, false
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil || pid <= 0 {
		return 0, false
	}
	return pid, startTime(pid) == fields[1]
}

// startTime is when a process began, in clock ticks since boot (proc(5), stat, field 22), or "gone", also for a
// process that has ended and was not waited for.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "gone"
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return "gone"
	}
	return fields[19]
}

// wait asks until the condition holds, saying every ten seconds what it waits for; it gives up when the process that
// it waits for has ended, and shows the end of its log.
func (c *cluster) wait(what, process string, limit time.Duration, ready func() error) error {
	begin, reported := time.Now(), time.Now()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		if process != "" && !c.running(process) {
			return fmt.Errorf("%s ended; the end of %s:\n%s", process, c.path("logs", process+".log"), c.logTail(process))
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("gave up on %s after %s: %w", what, limit, err)
		}
		if time.Since(reported) > 10*time.Second {
			say("  still waiting for %s: %v", what, err)
			reported = time.Now()
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (c *cluster) logTail(process string) string {
	f, err := os.Open(c.path("logs", process+".log"))
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	const most = 3000
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	} else {
		_, _ = f.Seek(0, io.SeekStart)
	}
	b, _ := io.ReadAll(f)
	return string(b)
}
