package mvcc

import (
	"errors"
	"fmt"
)

// Errors of reads and watches.
var (
	// ErrCompacted says that the revision asked for is older than what the store still keeps.
	ErrCompacted = errors.New("the revision has been compacted")
	// ErrFutureRevision says that the store has not reached the revision asked for.
	ErrFutureRevision = errors.New("the revision lies in the future")
)

// Errors of writes.
var (
	// ErrInvalidKey says that a key is empty, too long, or contains a zero byte.
	ErrInvalidKey = fmt.Errorf("a key must have 1 to %d bytes and no zero byte", MaxKeySize)
	// ErrValueTooLarge says that a value exceeds MaxValueSize.
	ErrValueTooLarge = fmt.Errorf("a value must not exceed %d bytes", MaxValueSize)
	// ErrFailed says that an earlier commit failed, so that nothing is acknowledged until the file is opened again.
	ErrFailed = errors.New("the store takes no writes since a commit failed; restart to open the file again")
)

// Errors of the store as a whole.
var (
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrDamaged says that something in the file cannot be what this package wrote.
	ErrDamaged = errors.New("the store is damaged")
)

// ConflictError is returned by a write whose expectation did not hold. Nothing was written.
type ConflictError struct {
	// Current is the version that was found instead; nil when the key does not exist.
	Current *KeyValue
}

func (e *ConflictError) Error() string {
	if e.Current == nil {
		return "conflict: the key does not exist"
	}
	return fmt.Sprintf("conflict: the key is at revision %d", e.Current.ModRevision)
}

// FileError is returned by Open for a file that must not be used as it is. The file was not changed.
type FileError struct {
	Path string
	// Found is what is wrong with the file.
	Found string
	// WayOut is what the operator can do.
	WayOut string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("store file %s: %s; %s", e.Path, e.Found, e.WayOut)
}
