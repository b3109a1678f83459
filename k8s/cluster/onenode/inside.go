package onenode

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readyWait is how long a component may take until it answers.
const readyWait = 60 * time.Second

// node is process 1 of a cluster's namespaces.
type node struct {
	layout  layout
	mu      sync.Mutex
	running map[int]string // components by process id
	failed  chan error     // the first failure ends the node
}

// live furnishes the namespaces, starts the components, and goes on until one of them ends, which is an error. Its own
// end is that of everything in the namespaces.
func live(l layout, bin string) error {
	closeOnExec(fdListener, fdLock)
	n := &node{layout: l, running: map[int]string{}, failed: make(chan error, 1)}
	err := furnish(l)
	if err == nil {
		err = n.openDoors()
	}
	if err == nil {
		go n.reap()
		go func() {
			if err := n.startAll(components(l, bin)); err != nil {
				n.fail(err)
			}
		}()
		err = <-n.failed
	}
	return errors.Join(err, os.WriteFile(l.failure(), []byte(err.Error()+"\n"), 0o600))
}

// openDoors lets the machine in: at the API server's port, and, for tests, to any address.
func (n *node) openDoors() error {
	file := os.NewFile(fdListener, "listener")
	api, err := net.FileListener(file)
	if err != nil {
		return fmt.Errorf("port of the API server: %w", err)
	}
	file.Close()
	door, err := net.Listen("unix", n.layout.door())
	if err != nil {
		return err
	}
	go serveForward(api, func(net.Conn) (string, error) { return apiAddress, nil })
	go serveForward(door, readAddress)
	return nil
}

func (n *node) startAll(all []component) error {
	for _, c := range all {
		if err := n.start(c); err != nil {
			return fmt.Errorf("start %s: %w", c.name(), err)
		}
		if c.ready == nil {
			continue
		}
		for begin := time.Now(); !c.ready(); time.Sleep(50 * time.Millisecond) {
			if time.Since(begin) > readyWait {
				return fmt.Errorf("%s does not answer after %s", c.name(), readyWait)
			}
		}
	}
	return nil
}

// start does not use os/exec: its Wait would compete with reap.
func (n *node) start(c component) error {
	path, err := exec.LookPath(c.path)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(n.layout.log(c.name()), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	process, err := os.StartProcess(path, append([]string{c.name()}, c.args...), &os.ProcAttr{
		Dir: "/", Env: environment(n.layout), Files: []*os.File{nil, log, log},
		Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return err
	}
	n.running[process.Pid] = c.name()
	return process.Release()
}

// reap collects the components and the orphans of the namespace, such as shims.
func (n *node) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if err != nil {
			time.Sleep(100 * time.Millisecond) // ECHILD: nothing was started yet
			continue
		}
		n.mu.Lock()
		name, ours := n.running[pid]
		n.mu.Unlock()
		if ours {
			n.fail(fmt.Errorf("%s ended: exit status %d, signal %d", name, status.ExitStatus(), status.Signal()))
		}
	}
}

func (n *node) fail(err error) {
	select {
	case n.failed <- err:
	default: // it is ending already
	}
}
