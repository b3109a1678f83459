package manifests

import (
	"errors"
	"fmt"
)

// Kinds of failures, to be told apart with errors.Is. A document that is not
// there is fs.ErrNotExist; anything else is an error of the file system.
var (
	// ErrInvalid says that a document breaks a rule of this package: it is
	// not JSON, has the wrong shape, or its content contradicts itself.
	ErrInvalid = errors.New("invalid document")
	// ErrShape comes with ErrInvalid: the document is not an object with the
	// array that makes it one of its kind.
	ErrShape = errors.New("wrong shape")
	// ErrMismatch says that both documents of a pair are well-formed but of
	// different generations: a reader keeps what it has and tries again later.
	ErrMismatch = errors.New("documents of different generations")
	// ErrLocked says that another process is writing; see [LockedError].
	ErrLocked = errors.New("locked")
)

// invalid returns an [ErrInvalid] with a reason.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}
