package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/cli"
)

// exportFlag is the value of --format.
type exportFlag struct{ catalog.Format }

// exportFormats returns the names of all formats.
func exportFormats() []string {
	var names []string
	for _, f := range catalog.Formats() {
		names = append(names, string(f))
	}
	return names
}

// String implements pflag.Value.
func (f *exportFlag) String() string { return string(f.Format) }

// Type implements pflag.Value.
func (f *exportFlag) Type() string { return "format" }

// Set implements pflag.Value.
func (f *exportFlag) Set(s string) error {
	if !slices.Contains(exportFormats(), s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(exportFormats(), ", "))
	}
	f.Format = catalog.Format(s)
	return nil
}

func (p *program) exportCommand() *cobra.Command {
	format := exportFlag{catalog.Environment}
	cmd := &cobra.Command{
		Use:   "export LANGUAGE/NAME/VERSION",
		Short: "Write a kernel as a file for another tool",
		Long: `Write what a kernel holds as a file for another tool:

  environment   environment.yml of conda
  explicit      @EXPLICIT list of conda, read from the kernel itself: --from must be the kernel root
  requirements  requirements.txt of pip
  cyclonedx     CycloneDX JSON, a software bill of materials

What a format has no place for stands in comments.

Exit codes: 0 written, 2 trouble.`,
		Example: `  kernels export Python/astro/1.0 > environment.yml
  kernels export R/pecan/1.91 --format cyclonedx > sbom.json`,
		Args:              arguments(cobra.ExactArgs(1)),
		ValidArgsFunction: p.completeKernels(1),
		PreRunE:           p.without(outputFlags...),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, k, err := p.kernel(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if format.Format == catalog.Explicit {
				list, err := p.explicit(cmd.Context(), k)
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(p.out, cli.PrintableLines(list))
				return err
			}
			var file bytes.Buffer
			if err := k.Export(&file, format.Format); err != nil {
				return err
			}
			if format.Format == catalog.CycloneDX {
				_, err = p.out.Write(cli.PrintableJSON(file.Bytes()))
				return err
			}
			_, err = fmt.Fprint(p.out, cli.PrintableLines(file.String()))
			return err
		},
	}
	cmd.Flags().Var(&format, "format", strings.Join(exportFormats(), ", "))
	cli.Env(cmd.Flags(), "format", "KERNELS_FORMAT")
	p.completeFlag(cmd, "format", cobra.FixedCompletions(exportFormats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
