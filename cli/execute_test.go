package cli_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
)

// TestErrorsEndTheProgram: what is printed of an error, and the exit code.
func TestErrorsEndTheProgram(t *testing.T) {
	broken := errors.New("broken\x1b[2J")
	for name, test := range map[string]struct {
		err      error
		classify func(*cobra.Command, error) *cli.ExitError
		code     int
		printed  string
	}{
		"none":             {nil, nil, 0, ""},
		"the command line": {broken, nil, 1, "Error: broken\\x1b[2J\nRun 'program verb --help' for usage.\n"},
		"a fault":          {fmt.Errorf("it is %w", &cli.ExitError{Code: 3, Err: broken}), nil, 3, "Error: it is broken\\x1b[2J\n"},
		"one that is told": {&cli.ExitError{Code: 4, Told: true, Err: broken}, nil, 4, ""},
		"another": {broken, func(cmd *cobra.Command, err error) *cli.ExitError {
			return &cli.ExitError{Code: len(cmd.Name()), Err: err}
		}, 4, "Error: broken\\x1b[2J\n"},
	} {
		t.Run(name, func(t *testing.T) {
			root := &cobra.Command{Use: "program", SilenceErrors: true, SilenceUsage: true}
			root.AddCommand(&cobra.Command{Use: "verb", RunE: func(cmd *cobra.Command, _ []string) error {
				fmt.Fprint(cmd.OutOrStdout(), "out")
				return test.err
			}})
			var out, errOut strings.Builder
			code := cli.Execute(context.Background(), root, []string{"verb"}, cli.Streams{Out: &out, Err: &errOut}, test.classify)
			if code != test.code || errOut.String() != test.printed || out.String() != "out" {
				t.Errorf("code %d, out %q, err %q", code, out.String(), errOut.String())
			}
		})
	}
}
