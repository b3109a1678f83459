package manifests

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names of the lock files of a run that several processes share, beside
// [LockName] in the kernel root.
const (
	// roundLockName guards [RoundName] for the moments in which it is changed.
	roundLockName = ".indexing.round.lock"
	shardPrefix   = ".indexing.shard-"
	shardSuffix   = ".lock"
)

// How often a process looks whether it can have a lock: often at first, for
// most are held for moments, and then no more than a file server bears.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = time.Second
)

// ShardLock is the right to write into a shard's kernels. All shards of a run
// hold the kernel root's lock together, which keeps a run of one process out
// and is kept out by it, and each holds a lock of its own, which keeps another
// one with its number out. It ends with Unlock or with the process.
type ShardLock struct{ root, own *Lock }

// AcquireShardLock takes a shard's lock of an existing kernel root without
// waiting. It fails with a [LockedError] if a run or the same shard has it.
func AcquireShardLock(kernelRoot string, shard Shard, now time.Time) (*ShardLock, error) {
	root, err := tryLock(filepath.Join(kernelRoot, LockName), true)
	if err != nil {
		return nil, err
	}
	_ = root.file.Truncate(0) // a killed run may have left its name; it does not hold the lock any more
	own, err := tryLock(filepath.Join(kernelRoot, shardLockName(shard)), false)
	if err != nil {
		return nil, errors.Join(err, root.Unlock())
	}
	_ = own.write(now, shard.String()) // as in AcquireLock
	return &ShardLock{root, own}, nil
}

// Unlock releases the lock. The second call does nothing.
func (l *ShardLock) Unlock() error { return errors.Join(l.own.Unlock(), l.root.Unlock()) }

func shardLockName(shard Shard) string { return fmt.Sprint(shardPrefix, shard.Number, shardSuffix) }

// LockRound takes the right to change the round of an existing kernel root. It
// waits for other shards, which hold it while they begin and end, until ctx is
// done; what it then fails with is a [LockedError] and the context's error.
func LockRound(ctx context.Context, kernelRoot string, now time.Time) (*Lock, error) {
	path := filepath.Join(kernelRoot, roundLockName)
	lock, err := waitFor(ctx, func() (*Lock, error) { return tryLock(path, false) })
	if err != nil {
		return nil, err
	}
	_ = lock.write(now, "") // as in AcquireLock
	return lock, nil
}

// AwaitLock is [AcquireLock] for who knows that those who hold the lock are
// about to let go of it: it waits until ctx is done.
func AwaitLock(ctx context.Context, kernelRoot string, now time.Time) (*Lock, error) {
	return waitFor(ctx, func() (*Lock, error) { return AcquireLock(kernelRoot, now) })
}

// waitFor tries again for as long as another one has the lock and ctx is not done.
func waitFor(ctx context.Context, try func() (*Lock, error)) (*Lock, error) {
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		lock, err := try()
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(pause):
		}
	}
}

// nameShard adds to a [LockedError] of the kernel root's lock which shard holds
// it, if one does: in the lock file itself they have no name.
func nameShard(err error, kernelRoot string) error {
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder != (Holder{}) {
		return err
	}
	for _, name := range shardLockNames(os.DirFS(kernelRoot)) {
		lock, err := tryLock(filepath.Join(kernelRoot, name), true)
		var held *LockedError
		if errors.As(err, &held) {
			return &LockedError{locked.Path, held.Holder}
		}
		if err == nil {
			_ = lock.Unlock() // it was of a killed process
		}
	}
	return err
}

// shardLockNames returns the names of the lock files that shards have left in
// the kernel root. Errors show elsewhere.
func shardLockNames(kernelRoot fs.FS) (names []string) {
	entries, err := fs.ReadDir(kernelRoot, ".")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), shardPrefix)
		number, isLock := strings.CutSuffix(number, shardSuffix)
		if ok && isLock && strings.Trim(number, "0123456789") == "" && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names
}
