package jmespath

import "testing"

func TestPaths(t *testing.T) { checkCases(t, "testdata/paths.txt") }
