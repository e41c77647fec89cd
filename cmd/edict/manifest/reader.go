package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds a file, whatever its source.
const maxFile = 64 << 20

// extensions are those of the files that are read in a folder. A file that is named is read whatever it is called.
var extensions = []string{".yaml", ".yml", ".json"}

// Reader reads manifests. Its zero value reads files, folders and patterns.
type Reader struct {
	// Stdin is what the location - stands for; it is nil where there is none.
	Stdin io.Reader
	// Remote permits locations that are URLs and git repositories. Without it nothing here uses a network.
	Remote bool
	// Git says how repositories are read.
	Git Git
}

// Result is what was found. What could not be read is among the errors, and does not keep the rest from being read.
type Result struct {
	Documents []*Document
	Errors    []error
	// PassedOver says what was left out and why, a line each.
	PassedOver []string
}

func (r *Result) add(other Result) {
	r.Documents = append(r.Documents, other.Documents...)
	r.Errors = append(r.Errors, other.Errors...)
	r.PassedOver = append(r.PassedOver, other.PassedOver...)
}

func failed(err error) Result { return Result{Errors: []error{err}} }

// Read reads all documents at the locations, in their order: each a file, a folder with all that is below it, a pattern
// with the wildcards of the shell, - for standard input, or where Remote permits it a URL.
func (r *Reader) Read(ctx context.Context, locations ...string) Result {
	var all Result
	for _, location := range locations {
		all.add(r.read(ctx, location))
	}
	return all
}

func (r *Reader) read(ctx context.Context, location string) Result {
	switch {
	case location == "-":
		if r.Stdin == nil {
			return failed(errors.New("-: there is no standard input here"))
		}
		return readStream("stdin", r.Stdin)
	case IsRemote(location):
		if !r.Remote {
			return failed(fmt.Errorf("%s: nothing is read from a network here; fetch it first and name the file", location))
		}
		return r.readRemote(ctx, location)
	}
	info, err := os.Stat(location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.readPattern(ctx, location)
	case err != nil:
		return failed(err)
	case info.IsDir():
		return readFolder(location)
	}
	file, err := os.Open(location)
	if err != nil {
		return failed(err)
	}
	defer file.Close()
	return readStream(location, file)
}

func (r *Reader) readPattern(ctx context.Context, pattern string) Result {
	notThere := failed(fmt.Errorf("%s: no such file or folder", pattern))
	if !strings.ContainsAny(pattern, "*?[") {
		return notThere
	}
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", pattern, err))
	}
	if len(paths) == 0 {
		return failed(fmt.Errorf("%s: no file or folder fits the pattern", pattern))
	}
	var all Result
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			all.add(failed(fmt.Errorf("%s: a link that leads nowhere", path)))
			continue
		}
		all.add(r.read(ctx, path))
	}
	return all
}

func readStream(name string, stream io.Reader) Result {
	content, err := io.ReadAll(io.LimitReader(stream, maxFile+1))
	if err != nil {
		return failed(fmt.Errorf("%s: %w", name, err))
	}
	if len(content) > maxFile {
		return failed(fmt.Errorf("%s: more than %d MiB; split it", name, maxFile>>20))
	}
	documents, errs := Parse(name, content)
	return Result{Documents: documents, Errors: errs}
}

// readFolder reads all files of the folder and below it. It goes through os.Root, so that nothing outside of the folder
// is opened, wherever the links in it lead.
func readFolder(folder string) Result {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return failed(err)
	}
	defer root.Close()
	var all Result
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		name := filepath.Join(folder, filepath.FromSlash(path))
		switch {
		case err != nil:
			all.add(failed(fmt.Errorf("%s: %w", name, err)))
		case entry.IsDir():
			if entry.Name() == ".git" {
				return fs.SkipDir
			}
		case slices.Contains(extensions, strings.ToLower(filepath.Ext(path))):
			all.add(readEntry(root, path, name))
		}
		return nil
	})
	if err != nil {
		all.add(failed(fmt.Errorf("%s: %w", folder, err)))
	}
	return all
}

func readEntry(root *os.Root, path, name string) Result {
	info, err := root.Stat(path)
	switch {
	case err != nil:
		return Result{PassedOver: []string{fmt.Sprintf("%s: a link that leads nowhere, or out of the folder", name)}}
	case info.IsDir():
		return Result{PassedOver: []string{fmt.Sprintf("%s: a link to a folder", name)}}
	case !info.Mode().IsRegular():
		return Result{PassedOver: []string{fmt.Sprintf("%s: not a regular file", name)}}
	}
	file, err := root.Open(path)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", name, err))
	}
	defer file.Close()
	return readStream(name, file)
}
