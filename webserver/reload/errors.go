package reload

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"kernelindexer/manifests"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	// ErrReplaced says that the documents of a view are no longer at hand: a
	// newer view has been swapped in, or their files were overwritten in place
	// or removed from an NFS server. The reader asks for the current view.
	ErrReplaced = errors.New("the document has been replaced")
	// ErrStopped says that nobody looks at the files any more.
	ErrStopped = errors.New("reloading has ended")

	// errChanging is a file that was overwritten while it was read.
	errChanging = errors.New("changed while it was read")
)

// Document is one of the two documents of a pair.
type Document int

// The documents.
const (
	Collated Document = iota
	Index
)

// both are all documents, in the order in which they are read and reported.
var both = [...]Document{Collated, Index}

// String returns the usual file name.
func (d Document) String() string {
	return [...]string{manifests.CollatedName, manifests.PackageIndexName}[d]
}

// label is what the original's service called it, in its messages.
func (d Document) label() string {
	return [...]string{"collated manifests", "package index"}[d]
}

// field is the array in it.
func (d Document) field() string { return [...]string{"kernels", "packages"}[d] }

// FileError says what is wrong with one document.
type FileError struct {
	Document Document
	Path     string // as configured
	Err      error  // manifests.ErrInvalid or an error of the file system
}

// Error returns the message of the original's service, which names the path.
func (e *FileError) Error() string {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(e.Err, fs.ErrNotExist):
		return "Required file not found: " + e.Path
	case errors.Is(e.Err, manifests.ErrShape):
		return fmt.Sprintf("Invalid format in %s: missing or invalid '%s' field", e.Path, e.Document.field())
	case errors.As(e.Err, &syntax), errors.Is(e.Err, io.EOF): // the latter of nothing but white space
		return fmt.Sprintf("Error parsing %s JSON file %s: %v", e.Document.label(), e.Path, e.Err)
	}
	return fmt.Sprintf("Error loading %s file %s: %v", e.Document.label(), e.Path, e.Err)
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// Public returns the message without the path.
func (e *FileError) Public() string {
	return fmt.Sprintf("%s: %v", e.Document, withoutPath(e.Err))
}

// withoutPath takes the path from an error of the file system.
func withoutPath(err error) error {
	var in *fs.PathError
	if errors.As(err, &in) {
		return in.Err
	}
	return err
}

// LoadError says why a pair was not taken.
type LoadError struct {
	// Files are the documents that are bad by themselves.
	Files []*FileError
	// Err is why they are not taken together, most often manifests.ErrMismatch.
	// It names no path. Nil if there are Files.
	Err error
}

// Error returns the text of the original's service: a line a problem, with the
// paths of the server.
func (e *LoadError) Error() string {
	return "Failed to load required data files:\n  - " + e.join("\n  - ", (*FileError).Error)
}

// Public returns the problems in one line, without a path of the server.
func (e *LoadError) Public() string { return e.join("; ", (*FileError).Public) }

func (e *LoadError) join(separator string, text func(*FileError) string) string {
	if len(e.Files) == 0 {
		return e.Err.Error()
	}
	lines := make([]string, len(e.Files))
	for i, f := range e.Files {
		lines[i] = text(f)
	}
	return strings.Join(lines, separator)
}

// Unwrap returns the errors of the files, or that of the pair. It takes nil, so
// that errors.Is may be asked of [State] as it is.
func (e *LoadError) Unwrap() []error {
	if e == nil {
		return nil
	}
	if len(e.Files) == 0 {
		return []error{e.Err}
	}
	errs := make([]error, len(e.Files))
	for i, f := range e.Files {
		errs[i] = f
	}
	return errs
}

// transient reports whether the same files may be taken at the next attempt.
// Not so where each problem is in what a stat shows, or in the content of a file
// that would have another stat if the content were another.
func (e *LoadError) transient() bool {
	for _, err := range e.Unwrap() {
		if !errors.Is(err, manifests.ErrInvalid) && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}
