package lookup

import (
	"errors"
	"fmt"
	"testing"
)

func TestMemoRemembersErrorsToo(t *testing.T) {
	var m memo
	failed := errors.New("failed")
	reads := 0
	read := func() (any, int64, error) { reads++; return nil, 7, failed }
	for range 3 {
		if _, err := m.once("k", read); !errors.Is(err, failed) {
			t.Errorf("err = %v", err)
		}
	}
	if reads != 1 || m.bytes != 7 {
		t.Errorf("%d reads of %d bytes", reads, m.bytes)
	}
}

func TestMemoKeepsWhatIsKnownWhenItIsFull(t *testing.T) {
	var m memo
	for i := range maxReads {
		if _, err := m.once(fmt.Sprint(i), func() (any, int64, error) { return i, 0, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.once("more", func() (any, int64, error) { t.Error("read"); return nil, 0, nil }); err == nil {
		t.Error("no bound")
	}
	if got, err := m.once("0", nil); err != nil || got != 0 {
		t.Errorf("%v, %v", got, err)
	}
}
