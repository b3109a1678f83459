package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
)

// version is set by the linker; see the Makefile.
var version = "dev"

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), cli.VersionLine("kernel-indexer", version))
			return err
		},
	}
}
