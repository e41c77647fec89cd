package systrace

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"golang.org/x/sys/unix"
)

// Mark is a text that occurs in one write to the store and in no other, so that the write is recognised in what goes to
// the disk, also when it shares a transaction with others.
func Mark(writer, number int) string { return fmt.Sprintf("mark-%d-%d-end", writer, number) }

var marks = regexp.MustCompile(`mark-\d+-\d+-end`)

// metaSize is where the two pages end that say which of the others count; they begin a bbolt file.
var metaSize = int64(2 * os.Getpagesize())

// A write to a bbolt file goes through these stages, and survives a power cut from the last one on: pages that are not
// synced before the meta page may be missing behind it.
type stage int

const (
	written    stage = iota + 1 // its pages were written
	kept                        // and synced
	referenced                  // a meta page was written after that
	durable                     // and synced
)

// write is where one mark was seen.
type write struct {
	file  string
	stage stage
}

// Durability follows the system calls of a process that keeps bbolt files, and knows which writes are durable.
type Durability struct {
	mu     sync.Mutex
	files  map[string]bool
	writes map[string]*write
	// syncing is what a sync that has begun will have covered when it returns, by thread.
	syncing map[int][]*write
	err     error
}

// NewDurability follows the files with these names, in whatever directory.
func NewDurability(files ...string) *Durability {
	d := &Durability{files: map[string]bool{}, writes: map[string]*write{}, syncing: map[int][]*write{}}
	for _, file := range files {
		d.files[file] = true
	}
	return d
}

// Durable says whether the write with the mark would survive a power cut now.
func (d *Durability) Durable(mark string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.writes[mark]
	return w != nil && w.stage == durable
}

// Err is what kept a call from being understood.
func (d *Durability) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Observe is told every system call.
func (d *Durability) Observe(c Call) {
	switch c.Number {
	case unix.SYS_PWRITE64, unix.SYS_FDATASYNC, unix.SYS_FSYNC:
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.Number != unix.SYS_PWRITE64 && c.Returned {
		d.syncEnds(c.Thread, !c.Failed)
		return
	}
	file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.Thread, int32(c.Args[0])))
	if err != nil || !d.files[filepath.Base(file)] {
		return // a call that is about to fail, or another file
	}
	switch {
	case c.Number != unix.SYS_PWRITE64:
		d.syncBegins(c.Thread, file)
	case c.Returned && !c.Failed:
		data, err := c.Memory(c.Args[1], c.Args[2])
		if err != nil {
			d.err = err
			return
		}
		d.wrote(file, int64(c.Args[3]), data)
	}
}

func (d *Durability) wrote(file string, offset int64, data []byte) {
	if offset < metaSize {
		for _, w := range d.writes {
			if w.file == file && w.stage == kept {
				w.stage = referenced
			}
		}
		return
	}
	for _, mark := range marks.FindAll(data, -1) {
		// Later transactions write the page of an older one again.
		if _, seen := d.writes[string(mark)]; !seen {
			d.writes[string(mark)] = &write{file: file, stage: written}
		}
	}
}

func (d *Durability) syncBegins(thread int, file string) {
	d.syncing[thread] = nil
	for _, w := range d.writes {
		if w.file == file && (w.stage == written || w.stage == referenced) {
			d.syncing[thread] = append(d.syncing[thread], w)
		}
	}
}

func (d *Durability) syncEnds(thread int, succeeded bool) {
	if succeeded {
		for _, w := range d.syncing[thread] {
			if w.stage == written || w.stage == referenced {
				w.stage++
			}
		}
	}
	delete(d.syncing, thread)
}
