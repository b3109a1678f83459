// Package clitest is what the tests of all programs share: a script command for exit codes, and the rule that every flag
// has an environment variable. It is imported by tests only.
package clitest

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exits is a command for scripts: it runs a program that must end with a code: exits 4 kernel-indexer run ….
func Exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// EveryFlagShowsItsVariable fails a test unless a command and all below it have some flags, and each of them names an
// environment variable in its help that begins with prefix. Flags that except picks need none.
func EveryFlagShowsItsVariable(t testing.TB, root *cobra.Command, prefix string, atLeast int, except func(flag string) bool) {
	t.Helper()
	missing, seen := flagsWithoutVariable(root, prefix, except)
	if len(missing) > 0 || seen < atLeast {
		t.Errorf("of %d flags have no variable:\n%s", seen, strings.Join(missing, "\n"))
	}
}

// flagsWithoutVariable walks through a command and all below it and returns the flags whose help names no environment
// variable that begins with prefix, and how many flags it has looked at. Left out are help, the flags that except picks,
// and those of the completion command, which is cobra's.
func flagsWithoutVariable(root *cobra.Command, prefix string, except func(flag string) bool) (missing []string, seen int) {
	root.InitDefaultCompletionCmd()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || except != nil && except(f.Name) {
				return
			}
			seen++
			if !strings.Contains(f.Usage, "[env: "+prefix) {
				missing = append(missing, fmt.Sprintf("%s --%s: %s", cmd.CommandPath(), f.Name, f.Usage))
			}
		})
		for _, sub := range cmd.Commands() {
			if sub.Name() != "completion" {
				walk(sub)
			}
		}
	}
	walk(root)
	return missing, seen
}
