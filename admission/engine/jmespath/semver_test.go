package jmespath

import (
	"strings"
	"testing"
)

func TestSemver(t *testing.T) { checkCases(t, "testdata/semver.txt") }

func TestD04BadRangesAreRefused(t *testing.T) {
	checkRefused(t, "semver_compare('1.0.0', '~1')", "semver_compare('1.0.0', '1.x || x || 2.x')",
		"semver_compare('1.0.0', '"+strings.Repeat(">1.0.0 ", 1000)+"')")
}

func FuzzSemver(f *testing.F) {
	for _, seed := range [][2]string{{"1.2.3", ">=1.x !1.5.x || 2.0.0"}, {"1.2.3", "2.0.0 || x || 1.0.0"}, {"", "1.x.x.x"}, {"v1", ">..x"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, version, text string) {
		holds, err := parseRange(text)
		if err != nil {
			return
		}
		holds(parseVersion(version))
		holds(parseVersion("1.2.3"))
	})
}
