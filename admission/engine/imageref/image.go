package imageref

import (
	// A digest counts only when its algorithm is linked in; these are the ones that registries use.
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

const (
	defaultRegistry = "docker.io"
	defaultTag      = "latest"
	// maxReference is more than the longest name, tag and digest together can have.
	maxReference = 1024
)

// Image is a reference to an image, taken apart. Registry, Path and Name are never empty; Tag is empty only where there
// is a Digest.
type Image struct {
	Registry string
	// Path is the repository within the registry, and Name the last part of it.
	Path   string
	Name   string
	Tag    string
	Digest string
	// Pointer is the JSON pointer to the reference in the object that it comes from, if it comes from one.
	Pointer string
}

// Parse reads a reference. Without a registry docker.io is meant, and latest without a tag or digest. The path stays as
// it is written: docker.io/nginx does not become docker.io/library/nginx.
func Parse(text string) (Image, error) {
	if len(text) > maxReference {
		return Image{}, fmt.Errorf("image reference is longer than %d characters", maxReference)
	}
	full := text
	if !hasRegistry(text) {
		full = defaultRegistry + "/" + text
	}
	parsed, err := reference.Parse(full)
	if err != nil {
		return Image{}, fmt.Errorf("invalid image reference %q: %w", text, err)
	}
	named, ok := parsed.(reference.Named)
	if !ok {
		return Image{}, fmt.Errorf("invalid image reference %q: %w", text, errors.New("it has no name"))
	}
	path := reference.Path(named)
	image := Image{
		Registry: reference.Domain(named),
		Path:     path,
		Name:     path[strings.LastIndexByte(path, '/')+1:],
	}
	if tagged, ok := parsed.(reference.Tagged); ok {
		image.Tag = tagged.Tag()
	}
	if digested, ok := parsed.(reference.Digested); ok {
		image.Digest = digested.Digest().String()
	}
	if image.Tag == "" && image.Digest == "" {
		image.Tag = defaultTag
	}
	return image, nil
}

// hasRegistry tells whether what stands before the first slash can only be a host: a repository has neither dots and
// ports nor capitals there.
func hasRegistry(text string) bool {
	first, _, found := strings.Cut(text, "/")
	return found && (strings.ContainsAny(first, ".:") || first == "localhost" || strings.ToLower(first) != first)
}

// Reference is the reference in full, by digest where there is one.
func (i Image) Reference() string {
	if i.Digest != "" {
		return i.Registry + "/" + i.Path + "@" + i.Digest
	}
	return i.ReferenceWithTag()
}

// ReferenceWithTag is the reference in full by tag, and ends in a colon where there is none.
func (i Image) ReferenceWithTag() string {
	return i.Registry + "/" + i.Path + ":" + i.Tag
}

// variable is the image as rules see it: tag and digest are there only when they are known.
func (i Image) variable() map[string]any {
	v := map[string]any{
		"registry":         i.Registry,
		"path":             i.Path,
		"name":             i.Name,
		"reference":        i.Reference(),
		"referenceWithTag": i.ReferenceWithTag(),
		"jsonPointer":      i.Pointer,
	}
	if i.Tag != "" {
		v["tag"] = i.Tag
	}
	if i.Digest != "" {
		v["digest"] = i.Digest
	}
	return v
}
