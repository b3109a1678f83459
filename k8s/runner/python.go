package runner

import (
	_ "embed" // the Python program
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

//go:embed program.py
var program string

// DefaultGroup is the group of entry points that process types are registered in, as the seed of the backend names it.
const DefaultGroup = "nagelfluh.process_types"

// Python is the Python of an image, and what it finds process types with.
type Python struct {
	// Interpreter is a path, or a name that is looked up in PATH; "" is the first of python and python3 that is there.
	Interpreter string
	// Group is the group of entry points; "" is [DefaultGroup].
	Group string
	// Env is the environment, as os.Environ returns it.
	Env []string
	// Stdin, Stdout and Stderr are those of the Python. Stdout is that of process types; when schemas are read, what is
	// printed goes to Stderr.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Exit codes that a shell gives a command that could not be started. The Job of a run takes them for failures that
// another attempt would meet again.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// ExitError is an error that a program should end with a certain code for.
type ExitError struct {
	Code int
	Err  error // nil if all has been said
}

// Error implements error.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// command is the Python with our program and its arguments.
func (p *Python) command(args ...string) (*exec.Cmd, error) {
	path, err := p.interpreter()
	if err != nil {
		return nil, startError("python", err)
	}
	cmd := exec.Command(path, append([]string{"-u", "-c", program}, args...)...)
	cmd.Env = p.Env
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Stdin, cmd.Stderr = p.Stdin, p.Stderr
	return cmd, nil
}

func (p *Python) group() string {
	if p.Group == "" {
		return DefaultGroup
	}
	return p.Group
}

// interpreter is the path of the Python.
func (p *Python) interpreter() (string, error) {
	if p.Interpreter != "" {
		return exec.LookPath(p.Interpreter)
	}
	path, err := exec.LookPath("python")
	if err != nil {
		var other error
		if path, other = exec.LookPath("python3"); other != nil {
			return "", fmt.Errorf("neither python nor python3 is in PATH: %w", err)
		}
	}
	return path, nil
}

// startError is the error of a program that could not be started.
func startError(program string, err error) error {
	code := exitNotFound
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOEXEC) {
		code = exitNotExecutable
	}
	return &ExitError{Code: code, Err: fmt.Errorf("%s cannot be started: %w", program, err)}
}

// ended turns the error of a Python that has run into ours.
func ended(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err // nil, or output that could not be passed on
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		number := status.Signal()
		return &ExitError{Code: 128 + int(number), Err: fmt.Errorf("python was ended by signal %d (%v)", int(number), number)}
	}
	return &ExitError{Code: exit.ExitCode()}
}
