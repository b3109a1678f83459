package sandbox

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The agreement between a program and itself, started again: argv is marker, mode, writable folder, the program to
// become (empty: none, it was only a trial), and that program's arguments.
const (
	marker    = "kernel-indexer-sandbox"
	complaint = marker + ": " // begins the one line on stderr when it fails
	exitSetUp = 125           // as env(1) and its like use when they themselves fail
)

// Main runs a program's real main, or, in a process that [Box.Command] started, becomes the boxed program. It returns
// the exit code. Every main (and TestMain) of a program that boxes others is
//
//	os.Exit(sandbox.Main(func(self sandbox.Self) int { … }))
//
// with nothing before it.
func Main(run func(Self) int) int {
	if len(os.Args) > 0 && os.Args[0] == marker {
		return enter(os.Args[1:], os.Stderr)
	}
	return run(Self{hooked: true})
}

// enter closes the box around this process and becomes the program. It returns only if there is none to become, or on
// failure: it never runs anything in a weaker box than it was told.
func enter(args []string, stderr io.Writer) int {
	if err := become(args); err != nil {
		fmt.Fprintf(stderr, "%s%v\n", complaint, err)
		return exitSetUp
	}
	return 0
}

func become(args []string) error {
	if len(args) < 3 {
		return errors.New("too few arguments")
	}
	mode, err := parseMode(args[0])
	if err != nil {
		return err
	}
	// Restrictions belong to a thread, and the thread that calls exec passes on its own.
	runtime.LockOSThread()
	if err := restrict(mode, args[1]); err != nil {
		return err
	}
	exe := args[2]
	if exe == "" {
		return nil
	}
	if err := syscall.Exec(exe, args[2:], os.Environ()); err != nil {
		return fmt.Errorf("exec %s: %w", exe, err)
	}
	return nil
}

// restrict closes the box around the calling thread. The order matters: Landlock opens the folders it allows.
func restrict(mode Mode, writable string) error {
	// A descriptor that leaked into this program, open for writing, would be a hole. Old kernels cannot do this at one
	// stroke; theirs are the leaks that every program has.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && err != unix.ENOSYS {
		return fmt.Errorf("close_range: %w", err)
	}
	if mode == Landlock {
		if err := forbidWrites(writable); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if err := install(rulesFor(mode)); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}
