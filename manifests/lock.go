package manifests

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofrs/flock"
)

// Holder is who holds the lock, as the lock file tells people.
type Holder struct {
	PID   int    `json:"pid"`
	Host  string `json:"host"`
	Start string `json:"start"`
	Shard string `json:"shard,omitempty"` // e.g. 2/4, of one that shares its run
}

// String returns e.g. "process 4711 on node12 since 2026-01-31T04:05:06Z".
func (h Holder) String() string {
	if h == (Holder{}) {
		return "a process that did not say who it is"
	}
	text := fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Start)
	if h.Shard != "" {
		text = "shard " + h.Shard + ", " + text
	}
	return text
}

// LockedError is [ErrLocked] with the holder's name, which is empty when the
// lock file could not be read or was just being written.
type LockedError struct {
	Path   string
	Holder Holder
}

// Error implements error.
func (e *LockedError) Error() string { return fmt.Sprintf("%s is locked by %s", e.Path, e.Holder) }

// Is makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// Lock is the right to write into a kernel root. It ends with Unlock or with
// the process, however that ends.
type Lock struct {
	flock *flock.Flock
	// file is a second descriptor, to write the holder: flock keeps its own to itself.
	// It stays open until the lock is released, since on file systems that
	// make flock out of POSIX locks closing any descriptor releases the lock.
	file *os.File
	// shared locks belong to several processes, none of which is named in the file.
	shared bool
}

// AcquireLock takes the lock of an existing kernel root without waiting. It
// fails with a [LockedError] if another process, or this one, has it, or has a
// [ShardLock]. A symbolic link in the place of the lock file is not followed.
//
// The file is opened read-write, because an exclusive lock on NFS needs a
// writable descriptor, and it stays when the lock is released, because removing
// it would let two processes lock two different files.
func AcquireLock(kernelRoot string, now time.Time) (*Lock, error) {
	lock, err := tryLock(filepath.Join(kernelRoot, LockName), false)
	if err != nil {
		return nil, nameShard(err, kernelRoot)
	}
	// The lock is held whether its holder can say so or not: on a full disk
	// it cannot, and the run is to fail with what it wanted to write there.
	_ = lock.write(now, "")
	return lock, nil
}

// tryLock locks the file at path, for this process alone or shared with others.
func tryLock(path string, shared bool) (*Lock, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("lock %s: not a regular file", path)
	}
	l := flock.New(path,
		flock.SetFlag(os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK),
		flock.SetPermissions(publicMode))
	try := l.TryLock
	if shared {
		try = l.TryRLock
	}
	switch ok, err := try(); {
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", path, err)
	case !ok:
		return nil, &LockedError{path, readHolder(path)}
	}
	f, err := openLocked(l, path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), l.Unlock())
	}
	return &Lock{l, f, shared}, nil
}

// openLocked opens the file at path again, which must be the one that is
// locked: another may have been put in its place in the meantime.
func openLocked(l *flock.Flock, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	a, errA := l.Stat()
	b, errB := f.Stat()
	if err := errors.Join(errA, errB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !os.SameFile(a, b) || !b.Mode().IsRegular() {
		return nil, errors.Join(errors.New("the file was replaced"), f.Close())
	}
	return f, nil
}

// write says who holds the lock. The words are for people; the lock is flock's.
func (l *Lock) write(now time.Time, shard string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	data, err := json.Marshal(Holder{os.Getpid(), cleanText(host), FormatTime(now), shard})
	if err != nil {
		return err
	}
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err = l.file.WriteAt(append(data, '\n'), 0)
	return err
}

// Unlock empties the file and releases the lock. The second call does nothing.
func (l *Lock) Unlock() error {
	if l.file == nil {
		return nil
	}
	var err error
	if !l.shared {
		err = l.file.Truncate(0)
	}
	err = errors.Join(err, l.flock.Unlock(), l.file.Close())
	l.file = nil
	return err
}

// readHolder reads who holds the lock, if the file can be read and tells.
func readHolder(path string) Holder {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLockBytes))
	if err != nil {
		return Holder{}
	}
	h, err := parseHolder(data)
	if err != nil {
		return Holder{}
	}
	return h
}

func parseHolder(data []byte) (Holder, error) {
	var h Holder
	if err := decodeStrict(data, &h); err != nil {
		return Holder{}, err
	}
	return h, nil
}
