package reload

import (
	"errors"
	"io/fs"
	"path/filepath"

	"kernelindexer/manifests"
)

// besideFile is a document beside the pair, which is shown with it and never
// decides whether the pair is served.
type besideFile[T any] struct {
	files files
	path  string
	read  func(manifests.Location) (T, error)
	seen  stamp
	last  *T    // the last good one; nil if there is none, or no more
	err   error // of the last attempt
}

// look reads the file if a stat shows something new, if it could not be read for
// a reason that a stat does not show, or whatever a stat shows. It reports
// whether it did.
func (f *besideFile[T]) look(whatever bool) bool {
	now := stampAt(f.files, f.path)
	transient := f.err != nil && !errors.Is(f.err, manifests.ErrInvalid)
	if now == f.seen && !transient && !whatever {
		return false
	}
	f.seen = now
	at := &directory{files: f.files, path: filepath.Dir(f.path)}
	defer at.close()
	v, err := retryStale(func() (T, error) {
		return safely(func() (T, error) { return f.read(manifests.Location{FS: at, Name: filepath.Base(f.path)}) })
	})
	switch {
	case err == nil:
		f.last, f.err = &v, nil
	case errors.Is(err, fs.ErrNotExist):
		f.last, f.err = nil, nil
	default:
		f.err = withoutPath(err)
	}
	return true
}
