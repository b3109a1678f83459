package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/k8s/runner"
)

func (p *program) schemasCommand() *cobra.Command {
	var k kit
	var output string
	cmd := &cobra.Command{
		Use:   "schemas",
		Short: "Write down the schemas of all process types; a step of an image's build",
		Long: `schemas asks every process type that is registered in the group for its schema
and writes them to a file, {"<process type>": {"schema": ...}}, from which the
backend takes what can be run and what parameters it takes.

It fails, and with it the build of the image, if there is no process type, or if
one of them cannot be loaded, has no run(), or has a schema that raises an error,
is no JSON, or that the backend would not take. Each one is named. The file is
written whole or not at all.

Exit codes: 0 written, 1 not.`,
		Example: `  RUN kernel-jobs schemas`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := k.of(p).Schemas(checkSchemas)
			if err != nil {
				return &cli.ExitError{Code: 1, Err: reported(cmd, err)}
			}
			if output == "-" {
				_, err = cmd.OutOrStdout().Write(file)
			} else {
				err = runner.WriteSchemas(output, file)
			}
			if err != nil {
				return &cli.ExitError{Code: 1, Err: err}
			}
			return nil
		},
	}
	k.flags(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", runner.SchemasFile, "the file; - is standard output")
	cli.Env(cmd.Flags(), "output", "SCHEMAS_FILE")
	return cmd
}

// reported prints the tracebacks of an error's process types, and returns the error with a line for each.
func reported(cmd *cobra.Command, err error) error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	for _, one := range several.Unwrap() {
		var failed *runner.TypeError
		if errors.As(one, &failed) && failed.Trace != "" {
			cmd.PrintErrf("%s\n", failed.Trace)
		}
	}
	return fmt.Errorf("no schemas were written:\n%w", err)
}
