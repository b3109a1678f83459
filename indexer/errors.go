package indexer

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"kernelindexer/manifests"
)

// ErrNoKernels means that there is no kernel to index or collate.
var ErrNoKernels = errors.New("no kernels found")

// errNotDirectory is what a path through a plain file fails with.
var errNotDirectory error = syscall.ENOTDIR

// DependencyError means that a program the run needs is missing. Nothing was read or written.
type DependencyError struct{ Err error }

// Error implements error.
func (e *DependencyError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *DependencyError) Unwrap() error { return e.Err }

// RootError means that the kernel root, the output directory or a directory on the way to the kernels is missing, no
// directory, or closed to the run. It is never created: a missing root is a volume that is not mounted.
type RootError struct {
	Dir string
	Err error
}

// Error implements error.
func (e *RootError) Error() string { return fmt.Sprintf("%s: %v", e.Dir, e.Err) }

// Unwrap gives the cause.
func (e *RootError) Unwrap() error { return e.Err }

// KernelError means that a kernel could not be indexed. Nothing was collated.
type KernelError struct {
	Kernel manifests.KernelKey
	Err    error
}

// Error implements error.
func (e *KernelError) Error() string { return fmt.Sprintf("kernel %s: %v", e.Kernel, e.Err) }

// Unwrap gives the cause.
func (e *KernelError) Unwrap() error { return e.Err }

// CollateError means that the manifests could not be collated or published. What was published before still is.
type CollateError struct{ Err error }

// Error implements error.
func (e *CollateError) Error() string { return fmt.Sprintf("collate: %v", e.Err) }

// Unwrap gives the cause.
func (e *CollateError) Unwrap() error { return e.Err }

// isInterrupt reports whether err comes from the end of the context, not from the repository.
func isInterrupt(err error) bool { return errors.Is(err, context.Canceled) }
