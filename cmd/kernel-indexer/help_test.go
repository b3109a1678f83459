package main

import (
	"io"
	"strings"
	"testing"

	"kernelindexer/cli/clitest"
)

// TestEveryFlagShowsItsVariable walks through all commands. Assertions are repeated, which a variable cannot be.
func TestEveryFlagShowsItsVariable(t *testing.T) {
	p := program{lookup: func(string) (string, bool) { return "", false }, out: io.Discard, errOut: io.Discard}
	clitest.EveryFlagShowsItsVariable(t, p.rootCommand(), "", 40,
		func(flag string) bool { return strings.HasPrefix(flag, "assert") })
}
