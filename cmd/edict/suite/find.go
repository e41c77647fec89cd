package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// FileName is what files with suites are called, unless the user says otherwise.
const FileName = "kyverno-test.yaml"

// Suite is a suite as it was read.
type Suite struct {
	// File is where it stands, as the user named it, and Name what it calls itself.
	File, Name string
	Test
	// Hints tell what had better be written otherwise.
	Hints []string
	// Errors are why it cannot be run.
	Errors []error

	document *manifest.Document
	// path is where File lies, and checkout the repository in which it does, if any: no file outside is read.
	path     string
	checkout *manifest.Checkout
}

// FindIn returns the suites of a repository. Their files are called what users call them.
func FindIn(ctx context.Context, checkout *manifest.Checkout, fileName string) ([]*Suite, error) {
	suites, err := Find(ctx, []string{checkout.Folder}, fileName)
	for _, s := range suites {
		s.checkout = checkout
		s.File = checkout.Shown(s.path)
		if s.document != nil {
			s.document.File = s.File
		}
		for i := range s.Hints {
			s.Hints[i] = strings.ReplaceAll(s.Hints[i], checkout.Root, checkout.Name)
		}
		s.Errors = shown(checkout, s.Errors)
	}
	return suites, err
}

// shown makes errors about files in a repository name them as users do.
func shown(checkout *manifest.Checkout, errs []error) []error {
	for i, err := range errs {
		var located *manifest.Error
		if errors.As(err, &located) {
			located.File = checkout.Shown(located.File)
		} else {
			errs[i] = errors.New(strings.ReplaceAll(err.Error(), checkout.Root, checkout.Name))
		}
	}
	return errs
}

// Find returns the suites in the files and below the folders at the paths, in the order of their paths. A file that
// cannot be read is a suite with errors, so that it is not passed over.
func Find(ctx context.Context, paths []string, fileName string) ([]*Suite, error) {
	var suites []*Suite
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("%s: no such file or folder", file)
			case err != nil:
				suites = append(suites, &Suite{File: file, path: file, Errors: []error{err}})
			case entry.IsDir():
				if entry.Name() == ".git" && file != path {
					return fs.SkipDir
				}
			case entry.Name() == fileName || file == path:
				suites = append(suites, read(ctx, file)...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return suites, nil
}

func read(ctx context.Context, file string) []*Suite {
	found := (&manifest.Reader{}).Read(ctx, file)
	var suites []*Suite
	if len(found.Errors) > 0 {
		suites = append(suites, &Suite{File: file, path: file, Errors: found.Errors})
	}
	for _, d := range found.Documents {
		s := &Suite{File: file, path: file, Name: d.Name(), document: d}
		test, hints, errs := decode(d)
		if test != nil {
			s.Test = *test
		}
		s.Hints, s.Errors = hints, errs
		suites = append(suites, s)
	}
	if len(suites) == 0 {
		suites = append(suites, &Suite{File: file, path: file, Errors: []error{fmt.Errorf("%s: there is no suite in it", file)}})
	}
	return suites
}
