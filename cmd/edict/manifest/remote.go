package manifest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// remoteTimeout bounds what one location may take.
const remoteTimeout = 2 * time.Minute

// Git says how repositories are read.
type Git struct {
	// Branch is empty for the default branch.
	Branch string
	// Username and Password, or a token in its place, are for repositories over HTTPS.
	Username, Password string
}

// IsRemote tells whether a location is read over a network.
func IsRemote(location string) bool {
	return strings.Contains(location, "://") || strings.HasPrefix(location, "git@")
}

// readRemote reads a repository or, where the URL names a manifest and nothing says that it is in a repository, a file.
func (r *Reader) readRemote(ctx context.Context, location string) Result {
	ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
	defer cancel()
	repository, folder, err := repositoryOf(location)
	if err != nil {
		return failed(err)
	}
	if repository == "" || r.Git.Branch == "" && isManifestURL(location) {
		return readURL(ctx, location)
	}
	return r.Git.read(ctx, repository, folder)
}

// shown is a location without the password that it may hold.
func shown(location string) string {
	if u, err := url.Parse(location); err == nil {
		return u.Redacted()
	}
	return location
}

func isManifestURL(location string) bool {
	u, err := url.Parse(location)
	return err == nil && strings.HasPrefix(u.Scheme, "http") && !strings.Contains(u.Path, ".git/") &&
		slices.Contains(extensions, strings.ToLower(path.Ext(u.Path)))
}

// repositoryOf takes a location apart into a repository and the folder or file in it. As hosts have it, that is what
// comes behind .git, or behind owner and name. The repository is empty when the URL is too short to name one.
func repositoryOf(location string) (repository, folder string, err error) {
	if strings.HasPrefix(location, "git@") {
		before, after, _ := strings.Cut(location, ".git")
		return before + ".git", strings.Trim(after, "/"), nil
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", "", errors.New("a location with :// in it is not a URL; write it as https://host/path")
	}
	if !slices.Contains([]string{"http", "https", "ssh", "git", "file"}, u.Scheme) {
		return "", "", fmt.Errorf("%s: manifests are read over http, https, ssh and git, not over %q", shown(location), u.Scheme)
	}
	full := u.Path
	if before, after, found := strings.Cut(full, ".git/"); found {
		u.Path, folder = before+".git", after
	} else if !strings.HasSuffix(full, ".git") {
		steps := strings.Split(strings.Trim(full, "/"), "/")
		if len(steps) < 2 || u.Scheme == "file" {
			return "", "", nil
		}
		u.Path, folder = "/"+steps[0]+"/"+steps[1], path.Join(steps[2:]...)
	}
	return u.String(), strings.Trim(folder, "/"), nil
}

func readURL(ctx context.Context, location string) Result {
	if !strings.HasPrefix(location, "http://") && !strings.HasPrefix(location, "https://") {
		return failed(fmt.Errorf("%s: neither a file over http or https nor a git repository", shown(location)))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", shown(location), err))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return failed(fmt.Errorf("%s: the server answers %s", shown(location), response.Status))
	}
	return readStream(shown(location), response.Body)
}

// read reads a repository from a folder that is removed again.
func (g *Git) read(ctx context.Context, repository, folder string) Result {
	c, err := g.clone(ctx, repository)
	if err != nil {
		return failed(err)
	}
	defer c.Remove()
	root, err := os.OpenRoot(c.Root)
	if err != nil {
		return failed(err)
	}
	defer root.Close()
	info, err := c.enter(root, folder)
	if err != nil {
		return failed(err)
	}
	var result Result
	if info.IsDir() {
		result = readFolder(c.Folder)
	} else {
		result = readEntry(root, folder, c.Folder)
	}
	result.rename(c.Root, c.Name)
	return result
}

// environment hands the password over where other users cannot see it, as they could on the command line.
func (g *Git) environment() []string {
	environment := []string{"GIT_TERMINAL_PROMPT=0"}
	if g.Username == "" && g.Password == "" {
		return environment
	}
	credentials := base64.StdEncoding.EncodeToString([]byte(g.Username + ":" + g.Password))
	return append(environment, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic "+credentials)
}

// rename makes file names tell where the files came from, in place of a folder that is gone.
func (r *Result) rename(from, to string) {
	for _, d := range r.Documents {
		d.File = to + strings.TrimPrefix(d.File, from)
	}
	for i, line := range r.PassedOver {
		r.PassedOver[i] = strings.ReplaceAll(line, from, to)
	}
	for i, err := range r.Errors {
		var located *Error
		if errors.As(err, &located) {
			located.File = to + strings.TrimPrefix(located.File, from)
			continue
		}
		r.Errors[i] = errors.New(strings.ReplaceAll(err.Error(), from, to))
	}
}
