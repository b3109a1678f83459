package onenode

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keep starts process 1 and ends it when told to: by SIGTERM, or by the end of the starter if the cluster is tied to
// it. Then it removes everything. If process 1 ends by itself, its directory stays for the logs.
func keep(l layout, bin string, tied bool) error {
	// The signal that process 1 gets at our death is sent when the thread ends that started it.
	runtime.LockOSThread()
	closeOnExec(fdListener, fdLock, fdLifeline)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	if err := makeCgroup(l.cgroup()); err != nil {
		return errors.Join(err, removeCgroup(l.cgroup()))
	}
	node := nodeCommand(l, bin)
	if err := node.Start(); err != nil {
		return errors.Join(fmt.Errorf("namespaces: %w", err), removeCgroup(l.cgroup()))
	}
	ended := make(chan struct{})
	var result error // once ended is closed
	go func() {
		defer close(ended)
		result = node.Wait()
	}()
	var told <-chan struct{}
	if tied {
		told = lifeline(os.NewFile(fdLifeline, "lifeline"))
	}
	stateErr := writeState(l, State{Keeper: os.Getpid(), Node: node.Process.Pid, Started: time.Now().Round(0), Tied: tied})
	if stateErr == nil {
		select {
		case <-ended:
			return errors.Join(fmt.Errorf("the node ended by itself: %w", result), removeCgroup(l.cgroup()))
		case <-signals:
		case <-told:
		}
	}
	killErr := node.Process.Kill()
	<-ended
	return errors.Join(stateErr, killErr, sweep(l))
}

// nodeCommand is this program again, as process 1 of new namespaces.
func nodeCommand(l layout, bin string) *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{marker, stageInside, l.dir, bin, ""},
		Env: environment(l), Dir: "/", Stdout: os.Stdout, Stderr: os.Stderr,
		// It has the lock as well, and no other process has: who gets the lock knows that both are gone, and with process 1
		// all others of the namespace.
		ExtraFiles: []*os.File{os.NewFile(fdListener, "listener"), os.NewFile(fdLock, "lock")},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
			Setsid:     true, Pdeathsig: syscall.SIGKILL,
		},
	}
}

// closeOnExec keeps inherited descriptors from being inherited further.
func closeOnExec(descriptors ...int) {
	for _, fd := range descriptors {
		unix.CloseOnExec(fd)
	}
}

// lifeline reports when the other end of a pipe is closed, which the kernel does at the latest when its owner dies.
func lifeline(pipe *os.File) <-chan struct{} {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, pipe) // an error is an end, too
	}()
	return closed
}
