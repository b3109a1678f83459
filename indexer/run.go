package indexer

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

// Run does what the schedule asks for: it indexes all kernels and then publishes the pair. The status of the run is
// written beside the pair whatever happens, once the directories are known to be good and the lock is held. The error
// is one of the types of this package, [manifests.ErrLocked], or the context's.
//
// With Config.Shard it indexes the kernels of that shard, and the shard that ends last publishes the pair. A shard that is
// not the last writes the status only if it is the first of its round to fail.
func (x *Indexer) Run(ctx context.Context) (manifests.Status, error) {
	if x.cfg.Shard.Number > 0 {
		return x.doShard(ctx, true)
	}
	return x.do(ctx, func(ctx context.Context) error {
		if err := x.dropRound(); err != nil {
			return err
		}
		kernels, err := x.index(ctx)
		if err != nil {
			return err
		}
		return x.collateChanges(ctx, kernels)
	})
}

// Index writes the manifests, with Config.Shard those of a shard, and collates nothing.
func (x *Indexer) Index(ctx context.Context) (manifests.Status, error) {
	if x.cfg.Shard.Number > 0 {
		return x.doShard(ctx, false)
	}
	return x.do(ctx, func(ctx context.Context) error {
		if x.cfg.Filter.isEmpty() {
			if err := x.dropRound(); err != nil {
				return err
			}
		}
		_, err := x.index(ctx)
		return err
	})
}

// Collate publishes the pair from the manifests there are. Kernels without a manifest are left out and reported. Where
// shards have indexed, it publishes only what all of them have done; see [RoundError].
func (x *Indexer) Collate(ctx context.Context, pub manifests.Publication) (manifests.Status, error) {
	x.status.Lister = ""
	x.silent = pub != pairNames
	return x.do(ctx, func(ctx context.Context) error {
		return x.collateAll(ctx, pub)
	})
}

// pairNames are the published names of both documents.
var pairNames = manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}

// do runs work between the phases before and after it.
func (x *Indexer) do(ctx context.Context, work func(context.Context) error) (manifests.Status, error) {
	return x.phases(ctx, x.acquire, func(ctx context.Context) error { return x.guard(ctx, work) })
}

// phases runs what comes before the work, the work, and what comes after it.
func (x *Indexer) phases(ctx context.Context, acquire, work func(context.Context) error) (manifests.Status, error) {
	err := x.open()
	if err == nil {
		err = acquire(ctx)
	}
	if err == nil {
		err = work(ctx)
	}
	if closeErr := x.close(); err == nil && closeErr != nil {
		err = closeErr
	}
	return x.status, err
}

// guard runs work and says in the status how it went.
func (x *Indexer) guard(ctx context.Context, work func(context.Context) error) error {
	err := x.settle(ctx, work(ctx))
	if x.silent {
		return err
	}
	if statusErr := x.out.WriteStatus(x.status); err == nil && statusErr != nil {
		return &CollateError{Err: statusErr}
	}
	return err
}

// settle says in the status how the work went.
func (x *Indexer) settle(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err) // what failed, failed because of the interruption
	}
	x.status.End = manifests.FormatTime(x.cfg.Now())
	x.status.ExitCode = ExitCode(err)
	if err != nil {
		x.status.Error = err.Error()
		var kernel *KernelError
		if errors.As(err, &kernel) {
			x.status.FailedKernel = kernel.Kernel.String()
		}
	}
	return err
}

// open runs the phases before the lock: dependencies, root.
func (x *Indexer) open() (err error) {
	x.status.Phase = manifests.PhaseDependencies
	if err := x.cfg.Source.Find(); err != nil {
		return &DependencyError{Err: err}
	}
	x.status.Phase = manifests.PhaseRoot
	for _, dir := range []string{x.cfg.Root, x.cfg.OutputDir} {
		if err := checkDirectory(dir); err != nil {
			return &RootError{Dir: dir, Err: err}
		}
	}
	if x.root, err = rootfs.Open(x.cfg.Root); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	if x.dir, err = manifests.OpenDir(x.cfg.Root, x.cfg.Mode); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	if x.out, err = manifests.OpenDir(x.cfg.OutputDir, x.cfg.Mode); err != nil {
		return &RootError{Dir: x.cfg.OutputDir, Err: err}
	}
	return nil
}

// acquire takes the lock of the whole kernel root and clears away what killed runs left.
func (x *Indexer) acquire(ctx context.Context) error {
	x.status.Phase = manifests.PhaseLock
	lock, err := manifests.AcquireLock(x.cfg.Root, x.cfg.Now())
	if err != nil {
		return err
	}
	x.lock = lock
	if err := x.removeLeftovers(); err != nil {
		return err
	}
	return ctx.Err()
}

func (x *Indexer) removeLeftovers() error {
	if _, err := x.dir.RemoveLeftovers(); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	if _, err := x.out.RemoveLeftovers(); err != nil {
		return &RootError{Dir: x.cfg.OutputDir, Err: err}
	}
	return nil
}

// checkDirectory says why dir cannot be the kernel root or the output directory.
func checkDirectory(dir string) error {
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return fmt.Errorf("%w (it is never created: is the volume mounted?)", err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		return errors.New("not a directory")
	}
	for _, want := range []struct {
		mode uint32
		what string
	}{{unix.R_OK | unix.X_OK, "not readable"}, {unix.W_OK, "not writable"}} {
		if err := unix.Faccessat(unix.AT_FDCWD, dir, want.mode, unix.AT_EACCESS); err != nil {
			return fmt.Errorf("%s: %w", want.what, err)
		}
	}
	return nil
}

// close lets go of what prepare opened.
func (x *Indexer) close() error {
	var errs []error
	if x.lock != nil {
		errs = append(errs, x.lock.Unlock())
	}
	if x.root != nil {
		errs = append(errs, x.root.Close())
	}
	for _, dir := range []*manifests.Dir{x.dir, x.out} {
		if dir != nil {
			errs = append(errs, dir.Close())
		}
	}
	return errors.Join(errs...)
}
