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
func (x *Indexer) Run(ctx context.Context) (manifests.Status, error) {
	return x.do(ctx, func(ctx context.Context) error {
		kernels, err := x.index(ctx)
		if err != nil {
			return err
		}
		return x.collateChanges(ctx, kernels)
	})
}

// Index writes the manifests and collates nothing.
func (x *Indexer) Index(ctx context.Context) (manifests.Status, error) {
	return x.do(ctx, func(ctx context.Context) error {
		_, err := x.index(ctx)
		return err
	})
}

// Collate publishes the pair from the manifests there are. Kernels without a manifest are left out and reported.
func (x *Indexer) Collate(ctx context.Context, pub manifests.Publication) (manifests.Status, error) {
	x.status.Lister = ""
	x.silent = pub != pairNames
	return x.do(ctx, func(ctx context.Context) error {
		x.status.Phase = manifests.PhaseCollate
		kernels, err := Discover(ctx, x.root, x.cfg.Filter)
		if err != nil {
			return err
		}
		x.status.Kernels = len(kernels)
		return x.collate(ctx, kernels, pub)
	})
}

// pairNames are the published names of both documents.
var pairNames = manifests.Publication{Collated: manifests.CollatedName, Index: manifests.PackageIndexName}

// do runs work between the phases before and after it.
func (x *Indexer) do(ctx context.Context, work func(context.Context) error) (manifests.Status, error) {
	err := x.prepare(ctx)
	if err == nil {
		err = x.guard(ctx, work)
	}
	if closeErr := x.close(); err == nil && closeErr != nil {
		err = closeErr
	}
	return x.status, err
}

// guard runs work and says in the status how it went.
func (x *Indexer) guard(ctx context.Context, work func(context.Context) error) error {
	err := work(ctx)
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
	if x.silent {
		return err
	}
	if statusErr := x.out.WriteStatus(x.status); err == nil && statusErr != nil {
		return &CollateError{Err: statusErr}
	}
	return err
}

// prepare runs the phases before the work: dependencies, root, lock.
func (x *Indexer) prepare(ctx context.Context) (err error) {
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
	x.status.Phase = manifests.PhaseLock
	if x.lock, err = manifests.AcquireLock(x.cfg.Root, x.cfg.Now()); err != nil {
		return err
	}
	if _, err := x.dir.RemoveLeftovers(); err != nil {
		return &RootError{Dir: x.cfg.Root, Err: err}
	}
	if _, err := x.out.RemoveLeftovers(); err != nil {
		return &RootError{Dir: x.cfg.OutputDir, Err: err}
	}
	return ctx.Err()
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
