package command

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var b strings.Builder
	p := newProgress(&b, "suites", 9)
	p.tell(1)
	if b.String() != "" {
		t.Errorf("a run that has just begun says %q", b.String())
	}
	p.next = time.Now().Add(-time.Second)
	p.tell(2)
	p.tell(3)
	p.clear()
	if b.String() != "\r2 of 9 suites\r\x1b[K" {
		t.Errorf("%q", b.String())
	}
}
