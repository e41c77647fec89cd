package command

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// edict runs a command line as a shell would.
func edict(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = Run(t.Context(), append([]string{"edict"}, args...), Streams{In: strings.NewReader(stdin), Out: &out, Err: &err})
	return out.String(), err.String(), code
}

func TestVersion(t *testing.T) {
	stdout, stderr, code := edict(t, "", "version")
	if code != 0 || !regexp.MustCompile(`^edict v\S+ go\S+ \w+/\w+\n$`).MatchString(stdout) {
		t.Errorf("exit code %d: %q %q", code, stdout, stderr)
	}
	for format, decode := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, v any) error { return yaml.Unmarshal(text, v) },
	} {
		var info struct{ GitVersion, GoVersion string }
		stdout, stderr, code = edict(t, "", "version", "-o", format)
		if err := decode([]byte(stdout), &info); code != 0 || err != nil || info.GitVersion == "" || info.GoVersion == "" {
			t.Errorf("%s: exit code %d, %v: %q %q", format, code, err, stdout, stderr)
		}
	}
	if _, stderr, code = edict(t, "", "version", "-o", "xml"); code != 2 || !strings.Contains(stderr, "json or yaml") {
		t.Errorf("exit code %d: %q", code, stderr)
	}
}
