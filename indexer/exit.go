package indexer

import (
	"errors"

	"kernelindexer/manifests"
)

// The exit codes of the program that runs an Indexer. Schedulers tell failures apart by them.
const (
	ExitOK         = 0 // indexed and collated
	ExitGeneral    = 1 // usage, lock held by another run, interrupted, no kernels
	ExitDependency = 2 // conda not found
	ExitRoot       = 3 // kernel root or output directory missing, no directory, not readable, not writable
	ExitKernel     = 4 // a kernel could not be indexed
	ExitCollate    = 5 // collation failed
)

// ExitCode is the one table from errors to exit codes. An interruption comes first: what fails because of it says
// nothing of the repository.
func ExitCode(err error) int {
	var (
		dependency *DependencyError
		root       *RootError
		kernel     *KernelError
		collate    *CollateError
	)
	switch {
	case err == nil:
		return ExitOK
	case isInterrupt(err), errors.Is(err, manifests.ErrLocked):
		return ExitGeneral
	case errors.As(err, &dependency):
		return ExitDependency
	case errors.As(err, &root):
		return ExitRoot
	case errors.As(err, &kernel):
		return ExitKernel
	case errors.As(err, &collate):
		return ExitCollate
	}
	return ExitGeneral
}
