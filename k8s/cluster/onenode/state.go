package onenode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// State is what a cluster's keeper writes down about it.
type State struct {
	Keeper  int       `json:"keeper"` // process id
	Node    int       `json:"node"`   // of process 1, as seen from outside
	Started time.Time `json:"started"`
	Tied    bool      `json:"tied"` // ends with its starter
}

// pollPause is the pause between two looks at something that is waited for.
const pollPause = 100 * time.Millisecond

// keeperWait is how long a keeper may take to end a cluster before it is killed. It takes less than a second.
const keeperWait = 20 * time.Second

// ErrNoCluster means that nothing runs, and nothing is left, under a name.
var ErrNoCluster = errors.New("no such cluster")

func writeState(l layout, s State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	// Renamed into place, so that who finds it finds it whole.
	unfinished := l.state() + ".new"
	if err := os.WriteFile(unfinished, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, l.state())
}

func readState(l layout) (State, error) {
	var s State
	data, err := os.ReadFile(l.state())
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return State{}, fmt.Errorf("state of the cluster: %w", err)
	}
	return s, nil
}

// takeLock takes the lock of a cluster's directory, which exists. ok is false if somebody else holds it. It refuses a
// directory that another user has put there: everybody may write to where it is, and what is in it will be removed.
func takeLock(l layout) (lock *os.File, ok bool, err error) {
	info, err := os.Lstat(l.dir)
	if err != nil {
		return nil, false, err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(owner.Uid) != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return nil, false, fmt.Errorf("%s is not a directory of this user alone", l.dir)
	}
	for {
		lock, err = os.OpenFile(l.lock(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, false, err
		}
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			lock.Close()
			return nil, false, nil
		}
		if err != nil {
			lock.Close()
			return nil, false, fmt.Errorf("lock %s: %w", l.lock(), err)
		}
		// Its last holder may have removed it in between: then this is a lock on nothing.
		mine, errMine := lock.Stat()
		named, errNamed := os.Stat(l.lock())
		if errMine == nil && errNamed == nil && os.SameFile(mine, named) {
			return lock, true, nil
		}
		lock.Close()
		if errNamed != nil {
			return nil, false, errNamed
		}
	}
}

// Stop ends the cluster of that name and removes everything of it, also what a crash has left. It returns
// [ErrNoCluster] if there is nothing.
func Stop(ctx context.Context, name string) error {
	l, err := layoutOf(name)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(l.dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNoCluster, name)
	}
	signal := syscall.SIGTERM
	for begin, told := time.Now(), false; ; {
		lock, free, err := takeLock(l)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // its keeper has removed it
		case err != nil:
			return err
		case free:
			defer lock.Close()
			return sweep(l)
		}
		if signal == syscall.SIGTERM && time.Since(begin) > keeperWait {
			signal, told = syscall.SIGKILL, false
		}
		if !told {
			told = tellKeeper(l, signal) == nil
		}
		if err := sleep(ctx, pollPause); err != nil {
			return fmt.Errorf("cluster %s does not end: %w", name, err)
		}
	}
}

// tellKeeper sends a signal to a keeper, once it has written down who it is and only if that is still so.
func tellKeeper(l layout, signal syscall.Signal) error {
	s, err := readState(l)
	if err != nil {
		return err
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.Keeper))
	if err != nil {
		return err
	}
	if want := strings.Join([]string{marker, stageKeeper, l.dir, ""}, "\x00"); !bytes.HasPrefix(cmdline, []byte(want)) {
		return fmt.Errorf("process %d is no keeper", s.Keeper)
	}
	return syscall.Kill(s.Keeper, signal)
}

// sleep waits, but no longer than the context lives.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
