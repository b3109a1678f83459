package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/k8s/runner"
)

// The exit codes. A run ends with those of its process type.
const (
	exitOK    = 0 // also after a signal
	exitError = 1 // a wrong command line, a failure
)

// version is set by the linker; see the Makefile.
var version = "dev"

// program is the command with everything it touches of its process, so that a test can run it whole.
type program struct {
	args, env   []string
	lookup      func(string) (string, bool)
	in          io.Reader
	out, errOut io.Writer
}

// run executes the command line and returns the exit code. An error is reported here, once.
func (p *program) run(ctx context.Context) int {
	root := p.rootCommand() //nolint:contextcheck // the commands take it from cobra
	root.SetArgs(p.args)
	root.SetOut(p.out)
	root.SetErr(p.errOut)
	cmd, err := root.ExecuteContextC(ctx)
	var exit *runner.ExitError
	var logged *loggedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &logged):
		return exitError
	case errors.As(err, &exit) && exit.Err == nil:
		return exit.Code // and the cause is on the screen
	}
	cmd.PrintErrf("Error: %v\n", err)
	if errors.As(err, &exit) {
		return exit.Code
	}
	var failed *failure
	if !errors.As(err, &failed) {
		cmd.PrintErrf("Run '%s --help' for usage.\n", cmd.CommandPath())
	}
	return exitError
}

// failure is an error that is not the command line's.
type failure struct{ error }

// Unwrap returns the error itself.
func (f *failure) Unwrap() error { return f.error }

// loggedError is an error that is in the log.
type loggedError struct{ error }

// Unwrap returns the error itself.
func (e *loggedError) Unwrap() error { return e.error }

func (p *program) rootCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel-jobs",
		Short: "Launch work in environments as Kubernetes Jobs",
		Long: `kernel-jobs registers environments, which are container images or indexed
kernels, and launches work in them as Kubernetes Jobs, with checked parameters,
kept logs and an honest end state. That is "serve".

The other two are for images of environments, which hold a copy of this program:
"schemas" writes down when an image is built what its process types take, and
"runner" is its entrypoint.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return cli.ApplyEnv(cmd.Flags(), p.lookup) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return err })
	cmd.AddCommand(p.serveCommand(), p.runnerCommand(), p.schemasCommand(), cli.VersionCommand("kernel-jobs", version, cobra.NoArgs))
	return cmd
}
