package main

import (
	"io"
	"strings"
	"testing"

	"kernelindexer/cli/clitest"
)

// TestEveryFlagShowsItsVariable walks through all commands.
func TestEveryFlagShowsItsVariable(t *testing.T) {
	p := program{lookup: func(string) (string, bool) { return "", false }, out: io.Discard, errOut: io.Discard}
	missing, seen := clitest.FlagsWithoutVariable(p.rootCommand(), "", nil)
	if len(missing) > 0 || seen < 40 {
		t.Errorf("of %d flags have no variable:\n%s", seen, strings.Join(missing, "\n"))
	}
}
