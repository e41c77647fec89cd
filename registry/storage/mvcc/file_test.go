package mvcc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// filled makes a closed store with some keys and returns its path.
func filled(t *testing.T) string {
	t.Helper()
	return filledWith(t, 20, 30_000)
}

func filledWith(t *testing.T, keys, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policies.db")
	s, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		put(t, s, fmt.Sprintf("key-%04d", i), strings.Repeat("x", size))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// refuse opens a file that must be refused, with an error that names it and the way out, and that leaves it alone.
func refuse(t *testing.T, path, found string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Path: path})
	if err == nil {
		t.Fatal(errors.Join(errors.New("the file was opened"), s.Close()))
	}
	var fileError *FileError
	if !errors.As(err, &fileError) {
		t.Fatalf("got %v, want a FileError", err)
	}
	if fileError.Path != path || fileError.WayOut == "" || !strings.Contains(fileError.Found, found) {
		t.Errorf("got %v, want it to name %s and to say %q", err, path, found)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(before) != sha256.Sum256(after) {
		t.Error("the file was changed")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("other files appeared: %v, %v", entries, err)
	}
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	page := int64(os.Getpagesize())
	for name, length := range map[string]func(size int64) int64{
		"0 bytes":               func(int64) int64 { return 0 },
		"1 byte":                func(int64) int64 { return 1 },
		"half a page":           func(int64) int64 { return page / 2 },
		"one page":              func(int64) int64 { return page },
		"two pages":             func(int64) int64 { return 2 * page },
		"two pages and a bit":   func(int64) int64 { return 2*page + 1 },
		"the middle":            func(size int64) int64 { return size / 2 },
		"without the last page": func(size int64) int64 { return size - page },
		"without the last byte": func(size int64) int64 { return size - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, length(info.Size())); err != nil {
				t.Fatal(err)
			}
			refuse(t, path, "it ")
		})
	}
}

// Every length is tried that a copy which stopped early may have, on a store as small as they come.
func TestANewStoreIsRefusedAtEveryShorterLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.db")
	s, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for length := 0; length < len(whole); length += 509 {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, "it ")
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	t.Run("bbolt file of another program", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "policies.db")
		// Without a stored free list, as etcd has it, bbolt would write to the file when it opens it.
		db, err := bolt.Open(path, 0o600, &bolt.Options{NoFreelistSync: true})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket([]byte("meta"))
			if err != nil {
				return err
			}
			return b.Put([]byte("consistent_index"), []byte("12345678"))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, `not a store of this program (its buckets are "meta")`)
	})
	t.Run("random bytes", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "policies.db")
		data := make([]byte, 100_000)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(data)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, "no valid meta page")
	})
	t.Run("directory", func(t *testing.T) {
		var fileError *FileError
		if _, err := Open(Config{Path: t.TempDir()}); !errors.As(err, &fileError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("newer format", func(t *testing.T) {
		path := filled(t)
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error {
			return tx.Bucket(bucketMeta).Put(keyFormat, encodeNumber(formatVersion+1))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		refuse(t, path, "newer version")
	})
}

func TestDamagedMetaPages(t *testing.T) {
	page := int64(os.Getpagesize())
	damage := func(t *testing.T, path string, offsets ...int64) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, offset := range offsets {
			if _, err := file.WriteAt([]byte{0xff, 0xfe, 0xfd}, offset); err != nil {
				t.Fatal(err)
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	const inMeta = pageHeaderSize + 40
	t.Run("both", func(t *testing.T) {
		path := filled(t)
		damage(t, path, inMeta, page+inMeta)
		refuse(t, path, "no valid meta page")
	})
	for name, offset := range map[string]int64{"first": inMeta, "second": page + inMeta} {
		t.Run("only the "+name, func(t *testing.T) {
			// A power cut in the middle of writing one is what the other is for.
			path := filled(t)
			damage(t, path, offset)
			open(t, Config{Path: path})
		})
	}
}

func TestSecondProcessIsToldWhoHasTheFile(t *testing.T) {
	s := open(t, Config{})
	put(t, s, "a", "1")
	_, err := Open(Config{Path: s.Path()})
	var fileError *FileError
	if !errors.As(err, &fileError) || !strings.Contains(err.Error(), "another process has it open") || fileError.Path != s.Path() {
		t.Errorf("got %v", err)
	}
	put(t, s, "a", "2")
}

// While another process writes, what it has written so far must not be taken for damage.
func TestAFileInUseIsNotJudged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.db")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	refuse(t, path, "another process has it open")
}

func TestBboltDoesNotMakeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.db")
	if _, err := openBolt(path, &bolt.Options{Timeout: lockTimeout}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a file now: %v", err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	t.Run("P11 new file", func(t *testing.T) {
		s := open(t, Config{})
		wantMode(t, s.Path())
	})
	t.Run("P11 file that was opened up", func(t *testing.T) {
		path := filled(t)
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		open(t, Config{Path: path})
		wantMode(t, path)
	})
}

func wantMode(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of %s is %v", path, info.Mode())
	}
}

func TestCreateNeverReplacesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.db")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, []byte("precious")) {
		t.Errorf("the file became %q, %v", data, err)
	}
}

func TestMissingDirectoryIsAnError(t *testing.T) {
	if _, err := Open(Config{Path: filepath.Join(t.TempDir(), "missing", "policies.db")}); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v", err)
	}
}

// A file may be longer than bbolt needs, and the length that it records of itself follows it.
func TestRecordedLengthFollowsTheFile(t *testing.T) {
	path := filled(t)
	s := open(t, Config{Path: path})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s.length != info.Size() {
		t.Errorf("the file has %d bytes and records %d", info.Size(), s.length)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

// Whatever page is lost: the file is refused, or opened and the damage found, or the page was free. What is read is
// never something else than what was written, and nothing panics.
func TestAnyPageZeroed(t *testing.T) {
	const keys, size = 10, 6000
	whole, err := os.ReadFile(filledWith(t, keys, size))
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	found := 0
	for offset := 2 * page; offset < len(whole); offset += page {
		damaged := bytes.Clone(whole)
		clear(damaged[offset : offset+page])
		target := filepath.Join(t.TempDir(), "policies.db")
		if err := os.WriteFile(target, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Config{Path: target, Retain: -1})
		if err != nil {
			found++
			continue
		}
		ctx := context.Background()
		result, readErr := s.Range(ctx, Span{}, RangeOptions{})
		switch err := s.Check(ctx); {
		case err != nil:
			found++
		case readErr != nil || len(result.KVs) != keys:
			t.Errorf("page %d: the check finds nothing, and %d keys are read: %v", offset/page, len(result.KVs), readErr)
		}
		for _, kv := range result.KVs {
			if string(kv.Value) != strings.Repeat("x", size) {
				t.Errorf("page %d: %q is read with another value", offset/page, kv.Key)
			}
		}
		_, _ = s.Write(ctx, Op{Type: Put, Key: []byte("key-0003"), Expect: AnyRevision})
		_ = s.Compact(ctx, s.Revision())
		if err := s.Close(); err != nil {
			t.Errorf("page %d: %v", offset/page, err)
		}
	}
	if found == 0 {
		t.Error("no damage was found at all")
	}
	t.Logf("the loss of %d of %d pages was noticed, the others were free", found, len(whole)/page-2)
}
