package webhook

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"sync/atomic"
)

const (
	// kube-apiserver accepts objects of 3 MiB. A review holds two, the new and the old one, and user, options and names
	// around them.
	maxBody = 2*3<<20 + 1<<20
	// All bodies that are held at once, however many connections send them.
	maxBodies = 256 << 20

	firstRead = 16 << 10
	// Buffers beyond this are not kept for the next review.
	maxKept = 1 << 20
)

// bodyReader reads bodies within bounds: of each, and of all that are held at the same time. Memory is claimed as it
// fills and not as it is announced, so that a client that sends slowly holds little.
type bodyReader struct {
	max, budget int64
	held        atomic.Int64
	buffers     sync.Pool // of *[]byte
}

// body is what was read. It must be released when it is no longer looked at.
type body struct {
	reader *bodyReader
	buffer *[]byte
	bytes  []byte
	claim  int64
}

func (b *body) release() {
	b.reader.held.Add(-b.claim)
	if cap(*b.buffer) <= maxKept {
		b.reader.buffers.Put(b.buffer)
	}
}

// read reads the whole body of a request that says that it sends JSON as it is.
func (b *bodyReader) read(r *http.Request) (*body, *problem) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, &problem{http.StatusUnsupportedMediaType, "Content-Type must be application/json"}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, &problem{http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Encoding %q is not accepted; send the body as it is", encoding)}
	}
	if r.ContentLength > b.max {
		return nil, tooLarge(b.max)
	}
	buffer, ok := b.buffers.Get().(*[]byte)
	if !ok {
		fresh := make([]byte, 0, firstRead)
		buffer = &fresh
	}
	result := &body{reader: b, buffer: buffer}
	if p := result.fill(r.Body); p != nil {
		result.release()
		return nil, p
	}
	return result, nil
}

func (b *body) fill(from io.Reader) *problem {
	data := (*b.buffer)[:0]
	if !b.claimUpTo(int64(cap(data))) {
		return busy()
	}
	for {
		if len(data) == cap(data) {
			size := min(2*int64(cap(data)), b.reader.max+1)
			if !b.claimUpTo(size) {
				return busy()
			}
			grown := make([]byte, len(data), size)
			copy(grown, data)
			data = grown
			*b.buffer = data
		}
		n, err := from.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > b.reader.max:
			return tooLarge(b.reader.max)
		case err == io.EOF:
			b.bytes = data
			return nil
		case err != nil:
			return &problem{http.StatusBadRequest, "the body could not be read: " + err.Error()}
		}
	}
}

func (b *body) claimUpTo(size int64) bool {
	if b.reader.held.Add(size-b.claim) > b.reader.budget {
		b.reader.held.Add(b.claim - size)
		return false
	}
	b.claim = size
	return true
}

func tooLarge(limit int64) *problem {
	return &problem{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes, which no AdmissionReview is", limit)}
}

func busy() *problem {
	return &problem{http.StatusServiceUnavailable, "too many reviews at once"}
}
