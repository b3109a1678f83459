package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagShowsItsVariable walks through all commands.
func TestEveryFlagShowsItsVariable(t *testing.T) {
	p := program{lookup: func(string) (string, bool) { return "", false }, out: io.Discard, errOut: io.Discard}
	flags := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
				return
			}
			flags++
			if !strings.Contains(f.Usage, "[env: KERNELS_") {
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
	if flags < 14 {
		t.Errorf("only %d flags", flags)
	}
}
