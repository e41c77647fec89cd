package manifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Checkout is a repository in a folder of its own, until it is removed.
type Checkout struct {
	// Root is the folder, Folder the folder or file in it that was asked for, and Name what its user calls Root.
	Root, Folder, Name string
}

// Checkout clones the repository at a location, for whoever has more to read in it than manifests.
func (g *Git) Checkout(ctx context.Context, location string) (*Checkout, error) {
	ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
	defer cancel()
	repository, folder, err := repositoryOf(location)
	if err != nil {
		return nil, err
	}
	if repository == "" {
		return nil, fmt.Errorf("%s: it names no git repository", shown(location))
	}
	c, err := g.clone(ctx, repository)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(c.Root)
	if err != nil {
		c.Remove()
		return nil, err
	}
	defer root.Close()
	if _, err := c.enter(root, folder); err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

// clone clones a repository. Of what it can bring along nothing runs and nothing leads out: no hooks, no submodules, links
// as plain files, and no transport that starts programs.
func (g *Git) clone(ctx context.Context, repository string) (*Checkout, error) {
	name := shown(repository)
	folder, err := os.MkdirTemp("", "edict-git-")
	if err != nil {
		return nil, err
	}
	c := &Checkout{Root: folder, Folder: folder, Name: name}
	args := []string{"-c", "core.symlinks=false", "-c", "protocol.ext.allow=never", "clone", "--quiet", "--depth=1", "--no-tags"}
	if g.Branch != "" {
		args = append(args, "--branch="+g.Branch)
	}
	command := exec.CommandContext(ctx, "git", append(args, "--", repository, folder)...)
	command.Env = append(os.Environ(), g.environment()...)
	output, err := command.CombinedOutput()
	if err == nil {
		return c, nil
	}
	c.Remove()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%s: git is needed to read a repository, and is not on the PATH", name)
	}
	said := strings.ReplaceAll(strings.TrimSpace(string(output)), repository, name)
	return nil, fmt.Errorf("%s: git clone: %w: %s", name, err, said)
}

// enter makes Folder what there is of that name in the repository.
func (c *Checkout) enter(root *os.Root, folder string) (fs.FileInfo, error) {
	if folder == "" {
		folder = "."
	}
	info, err := root.Stat(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: it has no file or folder %s", c.Name, folder)
	}
	c.Folder = filepath.Join(c.Root, folder)
	return info, nil
}

// Remove removes the folder.
func (c *Checkout) Remove() { os.RemoveAll(c.Root) }

// Shown is the name of a file for users.
func (c *Checkout) Shown(file string) string {
	if below, ok := strings.CutPrefix(file, c.Root); ok {
		return c.Name + filepath.ToSlash(below)
	}
	return file
}

// Within tells whether a file is below the folder. The repository holds no links, so names alone tell.
func (c *Checkout) Within(file string) bool {
	below, err := filepath.Rel(c.Root, file)
	return err == nil && filepath.IsLocal(below)
}
