package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// VersionLine returns what a program's version command prints: name, version, commit, Go and platform.
func VersionLine(program, version string) string {
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
