package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
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

// run executes the command line and returns the exit code.
func (p *program) run(ctx context.Context) int {
	root := p.rootCommand() //nolint:contextcheck // the commands take it from cobra
	return cli.Execute(ctx, root, p.args, cli.Streams{In: p.in, Out: p.out, Err: p.errOut}, nil)
}

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
