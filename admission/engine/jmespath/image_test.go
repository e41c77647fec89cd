package jmespath

import "testing"

func TestImage(t *testing.T) { checkCases(t, "testdata/image.txt") }
