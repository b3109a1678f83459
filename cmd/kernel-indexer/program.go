package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/condaenv/sandbox"
	"kernelindexer/indexer"
)

// program is the command with everything it touches of its process, so that a test can run it whole.
type program struct {
	args        []string
	lookup      func(string) (string, bool)
	self        sandbox.Self // starts conda in a sandbox
	in          io.Reader
	out, errOut io.Writer
}

// run executes the command line and returns the exit code.
func (p *program) run(ctx context.Context) int {
	root := p.rootCommand() //nolint:contextcheck // the commands take it from cobra
	return cli.Execute(ctx, root, p.args, cli.Streams{In: p.in, Out: p.out, Err: p.errOut}, wrongUsage)
}

// wrongUsage is how a wrong command line ends: with the code of trouble for verbs whose 1 is an answer.
func wrongUsage(cmd *cobra.Command, err error) *cli.ExitError {
	exit := &cli.ExitError{Code: indexer.ExitGeneral, Usage: true, Err: err}
	if cmd.Name() == validateVerb {
		exit.Code = exitTrouble
	}
	return exit
}

func (p *program) rootCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel-indexer",
		Short: "Index a repository of shared conda environments",
		Long: `kernel-indexer finds out which packages the conda environments ("kernels") of a
repository hold, writes a package_manifest.json into each of them, and collates
these into documents for the web server and the kernels command:

  <root>/<Language>/<name>/<version>/package_manifest.json
  <output-dir>/collated_manifests.json   all kernels
  <output-dir>/package_index.json        package -> kernels
  <output-dir>/index_changes.json        what recent runs changed
  <output-dir>/index_status.json         how the last run went

A kernel is a directory <Language>/<name>/<version> that holds conda-meta/.
The first error ends a run and leaves published documents as they were.`,
		Example: `  # what the CronJob does
  kernel-indexer run --kernel-root /sw/kernels

  # without conda on the machine: read the environments' files
  kernel-indexer run --kernel-root /sw/kernels --lister files --incremental`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          subcommandRequired,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return err })
	cmd.AddCommand(
		p.runCommand(), p.indexCommand(), p.collateCommand(),
		p.collateOneCommand(byKernels), p.collateOneCommand(byPackages),
		p.validateCommand(), cli.VersionCommand("kernel-indexer", version, cobra.NoArgs),
	)
	return cmd
}

// subcommandRequired makes a missing or wrong verb an error, with the nearest right one.
func subcommandRequired(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("a command is required: run, index, collate, validate (see --help)")
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text)
}

// prepare applies the environment to the flags of a command that is about to run.
func (p *program) prepare(cmd *cobra.Command, _ []string) error {
	return cli.ApplyEnv(cmd.Flags(), p.lookup)
}
