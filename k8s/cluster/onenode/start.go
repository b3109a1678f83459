package onenode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Options say how to start a cluster.
type Options struct {
	// Name is the cluster's. A second one of the same name is refused.
	Name string
	// Tied ends the cluster with the calling process, however that ends.
	Tied bool
	// Out is told about progress.
	Out io.Writer
	// Kubelet and Containerd are appended to the configuration of each, YAML and TOML: what a test wants otherwise.
	Kubelet, Containerd string
}

// ErrHeld means that a cluster of that name runs already.
var ErrHeld = errors.New("it runs already")

// startWait is how long a cluster may take until it is ready, with the Kubernetes programs in the cache. On two idle
// cores it takes some 10 s.
const startWait = 3 * time.Minute

// Start starts a cluster and returns when pods can be made. A failed start leaves nothing.
//
// Cold, it first builds Kubernetes ([Binaries]); it returns what [Missing] does if the machine lacks something.
func (s Self) Start(ctx context.Context, o Options) (*Cluster, error) {
	if !s.hooked {
		return nil, errors.New("start of a cluster: the program's main is not onenode.Main")
	}
	l, err := layoutOf(o.Name)
	if err != nil {
		return nil, err
	}
	if err := Missing(); err != nil {
		return nil, err
	}
	bin, err := Binaries(ctx, o.Out)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	lock, err := claim(l)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", o.Name, err)
	}
	ended, err := startKeeper(l, bin, lock, o)
	if err != nil {
		return nil, errors.Join(err, sweep(l), lock.Close())
	}
	lock.Close() // it is the keeper's now
	c := &Cluster{Name: o.Name, Bin: bin, layout: l}
	if err := c.becomeReady(ctx, ended); err != nil {
		cleanUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return nil, errors.Join(err, c.Stop(cleanUp))
	}
	fmt.Fprintf(o.Out, "cluster %s is ready after %.1f s\n", o.Name, time.Since(begin).Seconds())
	return c, nil
}

// claim makes the directory of a new cluster and takes its lock. What a dead one has left there is removed first.
func claim(l layout) (*os.File, error) {
	if err := os.Mkdir(l.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	lock, free, err := takeLock(l)
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, fmt.Errorf("%w, %s", ErrHeld, l.holder())
	}
	if err := makeEmpty(l); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// makeEmpty removes all but the lock, and makes the folders.
func makeEmpty(l layout) error {
	entries, err := os.ReadDir(l.dir)
	if err == nil {
		err = nothingMounted(l)
	}
	if err != nil {
		return err
	}
	err = removeCgroup(l.cgroup())
	for _, entry := range entries {
		if path := l.path(entry.Name()); path != l.lock() {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	for _, dir := range l.folders() {
		err = errors.Join(err, os.Mkdir(dir, 0o700))
	}
	// Pods of any user reach their volumes through it.
	return errors.Join(err, os.Chmod(l.path("var-lib"), 0o755))
}

// startKeeper starts the keeper, which gets the lock. The channel tells when it has ended.
func startKeeper(l layout, bin string, lock *os.File, o Options) (<-chan error, error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	defer hangUp(listener)
	port, err := listener.File()
	if err != nil {
		return nil, err
	}
	defer port.Close()
	err = errors.Join(writePKI(l), writeConfigs(l, listener.Addr().(*net.TCPAddr).Port, o))
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(l.log("node"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	keeper := exec.Cmd{
		Path: "/proc/self/exe", Args: []string{marker, stageKeeper, l.dir, bin, ""},
		Env: environment(l), Dir: "/", Stdout: log, Stderr: log,
		ExtraFiles:  []*os.File{port, lock}, // fdListener, fdLock
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if o.Tied {
		ours, err := tie(&keeper)
		if err != nil {
			return nil, err
		}
		defer ours.Close()
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	return ended, nil
}

// tie gives the keeper one end of a pipe whose other end this process keeps open, on purpose, until it ends: it is no
// os.File, which would be closed when nothing refers to it any more. The returned end is to be closed after the start.
func tie(keeper *exec.Cmd) (*os.File, error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("tie the cluster to this process: %w", err)
	}
	theirs := os.NewFile(uintptr(ends[0]), "lifeline")
	keeper.ExtraFiles = append(keeper.ExtraFiles, theirs) // fdLifeline
	keeper.Args[len(keeper.Args)-1] = argumentTied
	return theirs, nil
}

// becomeReady waits for the cluster, unless that ends before.
func (c *Cluster) becomeReady(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- c.prepare(ctx) }()
	select {
	case err := <-ready:
		return err
	case err := <-ended:
		return fmt.Errorf("the cluster ended: %w: %s", err, c.layout.lastWords())
	}
}

// prepare gives the node the image that every pod needs, as soon as it takes images, and waits for the rest.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := waitFile(ctx, c.layout.containerd()); err != nil {
		return err
	}
	if err := c.loadPause(ctx); err != nil {
		return err
	}
	return c.wait(ctx)
}
