package imageref

import (
	"strings"
	"testing"
)

const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParse(t *testing.T) {
	for text, want := range map[string]Image{
		"nginx":                         {Registry: "docker.io", Path: "nginx", Name: "nginx", Tag: "latest"},
		"nginx:1.2":                     {Registry: "docker.io", Path: "nginx", Name: "nginx", Tag: "1.2"},
		"nginx@" + digest:               {Registry: "docker.io", Path: "nginx", Name: "nginx", Digest: digest},
		"nginx:1.2@" + digest:           {Registry: "docker.io", Path: "nginx", Name: "nginx", Tag: "1.2", Digest: digest},
		"docker.io/nginx":               {Registry: "docker.io", Path: "nginx", Name: "nginx", Tag: "latest"},
		"docker.io/library/nginx":       {Registry: "docker.io", Path: "library/nginx", Name: "nginx", Tag: "latest"},
		"index.docker.io/nginx":         {Registry: "index.docker.io", Path: "nginx", Name: "nginx", Tag: "latest"},
		"foo/bar:v1":                    {Registry: "docker.io", Path: "foo/bar", Name: "bar", Tag: "v1"},
		"my_host/foo":                   {Registry: "docker.io", Path: "my_host/foo", Name: "foo", Tag: "latest"},
		"localhost/foo":                 {Registry: "localhost", Path: "foo", Name: "foo", Tag: "latest"},
		"localhost:5000/foo":            {Registry: "localhost:5000", Path: "foo", Name: "foo", Tag: "latest"},
		"[::1]:5000/foo":                {Registry: "[::1]:5000", Path: "foo", Name: "foo", Tag: "latest"},
		"127.0.0.1:80/x/y":              {Registry: "127.0.0.1:80", Path: "x/y", Name: "y", Tag: "latest"},
		"ghcr.io:443/foo/bar/baz:V1":    {Registry: "ghcr.io:443", Path: "foo/bar/baz", Name: "baz", Tag: "V1"},
		"GHCR.IO/foo/bar":               {Registry: "GHCR.IO", Path: "foo/bar", Name: "bar", Tag: "latest"},
		"Foo/bar":                       {Registry: "Foo", Path: "bar", Name: "bar", Tag: "latest"},
		strings.Repeat("ab/", 20) + "c": {Registry: "docker.io", Path: strings.Repeat("ab/", 20) + "c", Name: "c", Tag: "latest"},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", text, got, err, want)
		}
	}
}

// M09 registries that only look like another one are registries of their own.
func TestParseKeepsHostsApart(t *testing.T) {
	for text, registry := range map[string]string{
		"good.io.evil.com/good.io/a": "good.io.evil.com",
		"good.io-x/a":                "good.io-x",
		"good.io:443/a":              "good.io:443",
		"evil/good.io/a":             "docker.io",
	} {
		got, err := Parse(text)
		if err != nil || got.Registry != registry {
			t.Errorf("%s: registry %q %v, want %q", text, got.Registry, err, registry)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "nginx:", "nginx@", "/nginx", "nginx/", "https://nginx", " nginx", "nginx ", "Nginx", "foo//bar", "foo/Bar:1",
		"ghcr.io/Foo/bar", "x:y:z", "nginx@sha512:abcd", "nginx:1.2@sha256:abc", "_x/foo", "*", "nginx:*", "ghcr.io/*",
		"{{ x }}", strings.Repeat("a", 2000), "a\x00b", "nginx@md5:d41d8cd98f00b204e9800998ecf8427e",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		} else if len(err.Error()) > 1200 {
			t.Errorf("%q: an error of %d characters", text[:20], len(err.Error()))
		}
	}
}

func TestReference(t *testing.T) {
	for text, want := range map[string][2]string{
		"nginx":                {"docker.io/nginx:latest", "docker.io/nginx:latest"},
		"a.b/c:1@" + digest:    {"a.b/c@" + digest, "a.b/c:1"},
		"a.b/c@" + digest:      {"a.b/c@" + digest, "a.b/c:"},
		"localhost:5000/x/y:1": {"localhost:5000/x/y:1", "localhost:5000/x/y:1"},
	} {
		image, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{image.Reference(), image.ReferenceWithTag()}; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"nginx", "a.b:1/c/d:e@" + digest, "[::1]:5000/x", "Foo/bar", "a/b@sha512:00", ":", "@", "/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		image, err := Parse(text)
		if err != nil {
			return
		}
		if image.Registry == "" || image.Path == "" || image.Name == "" || image.Tag == "" && image.Digest == "" {
			t.Fatalf("%q: incomplete %+v", text, image)
		}
		again, err := Parse(image.Reference())
		if err != nil {
			t.Fatalf("%q: its reference %q cannot be read: %v", text, image.Reference(), err)
		}
		if image.Digest != "" {
			image.Tag = ""
		}
		if again != image {
			t.Fatalf("%q: %+v, read again %+v", text, image, again)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("ghcr.io/edict-dev/edict-server:v1.2.3"); err != nil {
			b.Fatal(err)
		}
	}
}
