package main

import (
	"io"
	"testing"

	"kernelindexer/cli/clitest"
)

// TestEveryFlagShowsItsVariable walks through all commands.
func TestEveryFlagShowsItsVariable(t *testing.T) {
	p := program{lookup: func(string) (string, bool) { return "", false }, out: io.Discard, errOut: io.Discard}
	clitest.EveryFlagShowsItsVariable(t, p.rootCommand(), "", 14, nil)
}
