// Package sandbox runs a foreign program so that it can read everything and destroy nothing.
//
// conda needs this: "conda list" deletes the records it takes for stale (conda's unlink_or_rename_to_trash: make it
// writable, unlink it, else rename it), and an index that costs a centre a record has failed. The kernel says no to
// every such call, so nothing depends on this program's life, on the permissions of the files or on who runs it.
//
// The restrictions have to be put on by the process that is to become the program, after fork and before exec, where
// Go runs no code of ours. Therefore a boxed program is started by way of this program itself: [Main], the first thing
// a program does, sees that it was started to this end, restricts itself and becomes the other one (see enter.go).
// Children inherit the box and cannot leave it.
//
// It is a box for programs that err, not for programs that attack: reading, the network, signals and the terminal are
// as free as before. The package knows nothing of conda, of JSON or of time limits. It is for Linux.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Mode is what keeps a boxed program from writing.
type Mode uint8

// The modes, weakest first.
const (
	// None leaves the program as free as its parent.
	None Mode = iota
	// Seccomp refuses, for every file, to remove, rename, truncate by path, and to change mode, owner, times, flags or
	// extended attributes. It does not see paths, so it cannot tell a log file from a record, and lets programs open
	// files for writing. It is for kernels without Landlock (before 5.13, or with it switched off at boot).
	Seccomp
	// Landlock forbids all writing outside of one folder, and adds a seccomp filter for what Landlock leaves open:
	// mode, owner, times, flags and extended attributes; these it refuses inside of that folder as well.
	Landlock
)

// String returns the mode as a log shows it.
func (m Mode) String() string {
	switch m {
	case Landlock:
		return "landlock+seccomp"
	case Seccomp:
		return "seccomp"
	case None:
	}
	return "none"
}

// parseMode is the inverse of String for the modes that box.
func parseMode(text string) (Mode, error) {
	for _, m := range []Mode{Landlock, Seccomp} {
		if text == m.String() {
			return m, nil
		}
	}
	return None, fmt.Errorf("unknown mode %q", text)
}

// ErrSetUp means that the box could not be closed or the program not be started in it: it never ran.
var ErrSetUp = errors.New("cannot start it in the sandbox")

// Self stands for a program whose main is [Main]. Only such a program may start itself again: another one would run
// its ordinary work a second time. The zero value boxes nothing.
type Self struct{ hooked bool }

// Probe returns the strongest box that this machine can close, found out by closing one around a process that then
// ends: kernels, boot parameters and container runtimes each may say no. It costs a few milliseconds; ask once.
// Without any, or when ctx is done, it returns the zero Box.
func (s Self) Probe(ctx context.Context) Box {
	for _, m := range []Mode{Landlock, Seccomp} {
		box := s.Box(m)
		if box.mode == None {
			break
		}
		if err := box.Command(ctx, "", "").Run(); err == nil {
			return box
		}
	}
	return Box{}
}

// Box returns a box of the given mode without asking whether the machine has it; where it has not, starting a program
// fails with [ErrSetUp].
func (s Self) Box(mode Mode) Box {
	if !s.hooked {
		return Box{}
	}
	return Box{mode}
}

// Box starts programs in one mode. The zero value starts them unrestricted. It may be used concurrently.
type Box struct{ mode Mode }

// Mode returns the mode of the box.
func (b Box) Mode() Mode { return b.mode }

// Command returns the command that runs the program at the absolute path exe in the box. writable is the only folder
// the program may write to in mode [Landlock]; empty means none. In every mode the program may use the device nodes
// named in landlock.go, and what it inherited open.
func (b Box) Command(ctx context.Context, writable, exe string, args ...string) *exec.Cmd {
	if b.mode == None {
		return exec.CommandContext(ctx, exe, args...)
	}
	// The link leads to this program even if its file was replaced or removed since, as an upgrade does.
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = append([]string{marker, b.mode.String(), writable, exe}, args...)
	return cmd
}

// Failure tells, of a command that has ended, whether it was the box that failed rather than the program in it, and
// returns an error wrapping [ErrSetUp] then. stderr is (the beginning of) what the command said there.
func (b Box) Failure(state *os.ProcessState, stderr string) error {
	reason, ours := strings.CutPrefix(stderr, complaint)
	if b.mode == None || !ours || state == nil || state.ExitCode() != exitSetUp {
		return nil
	}
	return fmt.Errorf("%w (%s): %s", ErrSetUp, b.mode, strings.TrimSpace(reason))
}
