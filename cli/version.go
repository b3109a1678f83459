package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// VersionCommand returns a program's version command, which prints name, version, commit, Go and platform. args refuses
// arguments in the way of the program.
func VersionCommand(program, version string, args cobra.PositionalArgs) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  args,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine(program, version))
			return err
		},
	}
}

func versionLine(program, version string) string {
	commit := Revision()
	if commit != "" {
		commit = " (" + commit + ")"
	}
	return fmt.Sprintf("%s %s%s %s %s/%s", program, version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// Revision returns the first 12 digits of the commit that the program was built of, or "" where the build did not record
// it.
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return ""
}
