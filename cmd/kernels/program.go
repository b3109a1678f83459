package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"kernelindexer/cli"
)

// The exit codes, as grep and diff have them.
const (
	exitOK          = 0   // found; no difference
	exitNo          = 1   // nothing found; a difference
	exitTrouble     = 2   // anything else
	exitInterrupted = 130 // a signal ended it
)

// These are answers, not faults: the exit code says them and whoever returns them has printed the rest.
var (
	errNothing = &cli.ExitError{Code: exitNo, Told: true, Err: errors.New("nothing found")}
	errDiffers = &cli.ExitError{Code: exitNo, Told: true, Err: errors.New("they differ")}
)

// version is set by the linker; see the Makefile.
var version = "dev"

// program is the command with everything it touches of its process, so that a test can run it whole.
type program struct {
	args        []string
	lookup      func(string) (string, bool)
	out, errOut io.Writer
	options     options
}

// run executes the command line and returns the exit code.
func (p *program) run(ctx context.Context) int {
	root := p.rootCommand() //nolint:contextcheck // the commands take it from cobra
	return cli.Execute(ctx, root, p.args, cli.Streams{Out: p.out, Err: p.errOut}, func(_ *cobra.Command, err error) *cli.ExitError {
		if ctx.Err() != nil {
			return &cli.ExitError{Code: exitInterrupted, Told: true, Err: err}
		}
		var wrong *usageError
		return &cli.ExitError{Code: exitTrouble, Told: p.toldObject(err), Usage: errors.As(err, &wrong), Err: err}
	})
}

// usageError is an error of the command line.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// toldObject prints an error as an object to those who asked for objects.
func (p *program) toldObject(err error) bool {
	if !p.options.objects() {
		return false
	}
	object, problem := json.Marshal(struct {
		Error string `json:"error"`
	}{strings.ToValidUTF8(err.Error(), "\uFFFD")})
	if problem != nil {
		return false
	}
	fmt.Fprintf(p.errOut, "%s\n", cli.PrintableJSON(object))
	return true
}

func (p *program) rootCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernels",
		Short: "Find the kernel that has what you need",
		Long: `kernels answers what is in the shared conda environments ("kernels") of a
repository: which of them have all the packages you need, what a kernel holds,
how two of them differ. A kernel is called Language/name/version.

It reads what kernel-indexer has published: from a directory or from the address
of a kernel-web server. What a server sent is kept in the user's cache directory
and asked for again only when it has changed.

A flag beats its environment variable, which beats the default.`,
		Example: `  export KERNELS_FROM=https://kernels.example.org   # or a directory
  kernels find 'numpy>=2' scipy
  kernels show Python/astro/1.0
  kernels diff R/pecan/1.9 R/pecan/1.91
  kernels query '.kernels[] | select(.package_count > 500) | .kernel_name'`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          subcommandRequired,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	p.options.flags(cmd.PersistentFlags())
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	p.completeFlags(cmd)
	cmd.AddCommand(
		p.findCommand(), p.searchCommand(), p.listCommand(), p.showCommand(), p.diffCommand(), p.exportCommand(), p.queryCommand(), cli.VersionCommand("kernels", version, arguments(cobra.NoArgs)),
	)
	return cmd
}

// subcommandRequired makes a missing or wrong verb an error, with the nearest right one.
func subcommandRequired(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("a command is required, such as: kernels find numpy")
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage("%s", text)
}

// arguments makes a wrong number of arguments a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage("%w: %s", err, cmd.UseLine())
		}
		return nil
	}
}

// outputFlags are the flags that say together how an answer is printed.
var outputFlags = []string{"output", "json", "jq"}

// prepare applies the environment to the flags of a command that is about to run, and checks them. Where the command
// line says how to print, the environment is not asked for a part of it.
func (p *program) prepare(cmd *cobra.Command, _ []string) error {
	f := cmd.Flags()
	if slices.ContainsFunc(outputFlags, f.Changed) {
		for _, name := range outputFlags {
			f.Lookup(name).Changed = true
		}
	}
	if err := cli.ApplyEnv(f, p.lookup); err != nil {
		return &usageError{err}
	}
	return p.options.check()
}

// without is prepare for commands that some flags mean nothing to. Variables that set them are for other commands.
func (p *program) without(flags ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		for _, name := range flags {
			if cmd.Flags().Changed(name) {
				return usage("--%s does not go with %s", name, cmd.Name())
			}
			cmd.Flags().Lookup(name).Changed = true
		}
		return p.prepare(cmd, args)
	}
}
