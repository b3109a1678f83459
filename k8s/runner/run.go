package runner

import (
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

// MaxMessage is how many bytes of a termination message Kubernetes keeps.
const MaxMessage = 4096

// Result says where the outputs of a run are reported, as {"outputs": …}.
type Result struct {
	// File is written to; "" reports nothing. It is not replaced: a termination message is a mount.
	File string
	// Limit is how many bytes it may get; 0 is no limit. Outputs above it are not reported: half a list is none.
	Limit int
}

// Run runs the process type that the environment names (PROCESS_TYPE), with the parameters (PARAMETERS_JSON, or those in
// the file PARAMETERS_FILE) and the storage context made of PROCESS_ID, PROJECT_ID, STORAGE_BASE and the variables of the
// storage. It returns when Python has ended. The error is an [*ExitError] with the exit code to end with, without a cause
// where Python has said it: 1 for an error of the process type, 128 and the number of a signal, 126 and 127 for a Python
// that cannot be started.
//
// Signals that ask a process to end or to do something are passed on to Python meanwhile. A container's first process
// must do that: the kernel drops signals that it has no handler for, and Python has none for SIGTERM.
func (p *Python) Run(result Result) error {
	cmd, err := p.command("run", p.group(), result.File, strconv.Itoa(result.Limit))
	if err != nil {
		return err
	}
	cmd.Stdout = p.Stdout
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return startError("python", err)
	}
	stop := passOn(cmd, signals)
	defer stop()
	return ended(cmd.Wait())
}

// Become replaces this process by a command, which is looked up in this process's PATH. It returns only if it cannot: an
// [*ExitError] with the code that a shell would end with.
func Become(command, env []string) error {
	path, err := exec.LookPath(command[0])
	if err == nil {
		err = &os.PathError{Op: "exec", Path: path, Err: syscall.Exec(path, command, env)}
	}
	return startError(command[0], err)
}

// passOn passes signals on until it is told to stop.
func passOn(cmd *exec.Cmd, signals <-chan os.Signal) (stop func()) {
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case s := <-signals:
				_ = cmd.Process.Signal(s) // it may have ended already
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-over }
}
