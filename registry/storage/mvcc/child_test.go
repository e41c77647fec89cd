package mvcc

import (
	"os"
	"os/exec"
	"testing"
)

// Some tests watch a process from outside. It is this test binary again, told by the environment what to be.
const (
	envChild = "EDICT_TEST_CHILD"
	envFile  = "EDICT_TEST_FILE"
)

var children = map[string]func(path string) error{"crash": crashChild}

func TestMain(m *testing.M) {
	name := os.Getenv(envChild)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Getenv(envFile)); err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

func childCommand(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), envChild+"="+name, envFile+"="+path)
	return cmd
}
