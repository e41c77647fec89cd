package command

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressAfter is how long a run is before it shows progress, and progressEvery how often it then does.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// progress shows on a terminal how far a long run has come, in one line that is written over and cleared in the end. It
// holds nothing but numbers and words of ours.
type progress struct {
	w     io.Writer
	what  string
	total int

	mu   sync.Mutex
	next time.Time
}

func newProgress(w io.Writer, what string, total int) *progress {
	return &progress{w: w, what: what, total: total, next: time.Now().Add(progressAfter)}
}

// tell takes how many are done. It may be called from several goroutines.
func (p *progress) tell(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(progressEvery)
		fmt.Fprintf(p.w, "\r%d of %d %s", done, p.total, p.what)
	}
}

func (p *progress) clear() { fmt.Fprint(p.w, "\r\x1b[K") }
