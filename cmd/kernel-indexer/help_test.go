package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagShowsItsVariable walks through all commands. Assertions are repeated, which a variable cannot be.
func TestEveryFlagShowsItsVariable(t *testing.T) {
	p := program{lookup: func(string) (string, bool) { return "", false }, out: io.Discard, errOut: io.Discard}
	var walk func(*cobra.Command)
	flags := 0
	walk = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || strings.HasPrefix(f.Name, "assert") || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
				return
			}
			flags++
			if !strings.Contains(f.Usage, "[env: ") {
				t.Errorf("%s --%s: %s", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	root := p.rootCommand()
	root.InitDefaultCompletionCmd()
	walk(root)
	if flags < 40 {
		t.Errorf("only %d flags", flags)
	}
}
