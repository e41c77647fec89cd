package controller

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func start(t *testing.T, r *Runner) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
}

func TestRunnerRetriesUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("not yet")
		var calls atomic.Int32
		r := NewRunner(Config{
			Name: "test",
			Keys: func() []string { return []string{"a"} },
			Reconcile: func(context.Context, string) (time.Duration, error) {
				if calls.Add(1) < 3 {
					return 0, broken
				}
				return 0, nil
			},
		})
		start(t, r)
		if got := r.Health(); !got.Running || !got.Failing() || !errors.Is(got.LastError, broken) {
			t.Fatalf("after a failure: %+v", got)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := calls.Load(); got != 3 {
			t.Errorf("reconciled %d times, want 3: two failures, one success", got)
		}
		if got := r.Health(); got.Failing() || got.LastSuccess.IsZero() || got.LastError == nil {
			t.Errorf("after a success: %+v", got)
		}
	})
}

func TestRunnerBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := NewRunner(Config{
			Name:       "test",
			Keys:       func() []string { return []string{"a"} },
			Reconcile:  func(context.Context, string) (time.Duration, error) { calls.Add(1); return 0, errors.New("no") },
			MaxBackoff: 10 * time.Second,
		})
		start(t, r)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := calls.Load(); got < 60 || got > 70 {
			t.Errorf("%d attempts in ten minutes, want about one in ten seconds", got)
		}
	})
}

func TestRunnerSurvivesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := NewRunner(Config{
			Name: "test",
			Keys: func() []string { return []string{"a"} },
			Reconcile: func(context.Context, string) (time.Duration, error) {
				if calls.Add(1) == 1 {
					panic("boom")
				}
				return 0, nil
			},
		})
		start(t, r)
		if !r.Health().Failing() {
			t.Error("a panic did not count as an error")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if calls.Load() != 2 || r.Health().Failing() {
			t.Errorf("not tried again after a panic: %d calls", calls.Load())
		}
	})
}

func TestRunnerRequeuesAndRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		r := NewRunner(Config{
			Name:      "test",
			Keys:      func() []string { return []string{"a"} },
			Reconcile: func(context.Context, string) (time.Duration, error) { calls.Add(1); return time.Minute, nil },
		})
		r.Enqueue("before") // nothing runs: forgotten
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		time.Sleep(5*time.Minute + time.Second)
		cancel()
		<-done
		if got := calls.Load(); got != 6 {
			t.Errorf("reconciled %d times in five minutes, want 6", got)
		}
		if r.Health().Running {
			t.Error("says that it runs after it has stopped")
		}
		start(t, r)
		if got := calls.Load(); got != 7 {
			t.Errorf("the second run did not begin with its keys: %d", got)
		}
	})
}
