package cli

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// ExitError is an error that ends a program in a certain way.
type ExitError struct {
	Code  int
	Told  bool  // the user knows of it: it is in the log, or on the screen, or no fault at all
	Usage bool  // the command line is to blame: the help is pointed to
	Err   error // what it is about
}

// Error implements error.
func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns what it is about.
func (e *ExitError) Unwrap() error { return e.Err }

// Streams are what a program reads and writes.
type Streams struct {
	In       io.Reader // nil is standard input
	Out, Err io.Writer
}

// Execute runs a command line, which is the arguments behind the program's name, and returns the exit code: 0, or that
// of the error. The error is printed here, once, unless it is an [ExitError] that the user was told of. classify says
// what other errors are; nil takes them for errors of the command line that end the program with 1.
func Execute(
	ctx context.Context, root *cobra.Command, args []string, streams Streams, classify func(cmd *cobra.Command, err error) *ExitError,
) int {
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var exit *ExitError
	switch {
	case errors.As(err, &exit):
	case classify != nil:
		exit = classify(cmd, err)
	default:
		exit = &ExitError{Code: 1, Usage: true, Err: err}
	}
	if !exit.Told {
		cmd.PrintErrf("Error: %s\n", PrintableLines(err.Error()))
		if exit.Usage {
			cmd.PrintErrf("Run '%s --help' for usage.\n", cmd.CommandPath())
		}
	}
	return exit.Code
}
