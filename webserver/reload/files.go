package reload

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"kernelindexer/manifests"
)

// file is an open document.
type file interface {
	fs.File
	io.ReaderAt
}

// files is the file system; tests have one that fails as NFS does.
type files interface {
	Stat(path string) (fs.FileInfo, error)
	Open(path string) (file, error)
}

// disk is the real one.
type disk struct{}

// Stat is os.Stat.
func (disk) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// Open opens a regular file. It does not wait for the writer of a FIFO that
// took the file's place after somebody looked.
func (disk) Open(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func checkRegular(info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return fmt.Errorf("%w: %w", manifests.ErrInvalid, syscall.EISDIR)
	}
	return fmt.Errorf("%w: not a regular file", manifests.ErrInvalid)
}

// staleAttempts is how often something is done while ESTALE says that the file
// was replaced on an NFS server after its name was looked up here, and
// staleDelay how long after the first time; then twice as long.
const (
	staleAttempts = 4
	staleDelay    = 10 * time.Millisecond
)

// retryStale does it again while it fails with ESTALE.
func retryStale[T any](do func() (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		v, err := do()
		if !errors.Is(err, syscall.ESTALE) || attempt == staleAttempts {
			return v, err
		}
		time.Sleep(staleDelay << (attempt - 1))
	}
}

// directory is where one document is, as manifests sees it. It remembers the
// file that was opened last: that is the one that was read, since a document is
// opened again only instead of what was opened before.
type directory struct {
	files  files
	path   string
	opened *reading
}

// Stat implements [fs.StatFS].
func (d *directory) Stat(name string) (fs.FileInfo, error) {
	return d.files.Stat(filepath.Join(d.path, name))
}

// Open implements [fs.FS].
func (d *directory) Open(name string) (fs.File, error) {
	f, err := d.files.Open(filepath.Join(d.path, name))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	d.close()
	d.opened = &reading{file: f, info: info, digest: sha256.New()}
	return d.opened, nil
}

// close closes what was opened last, if anything.
func (d *directory) close() {
	if d.opened != nil {
		d.opened.file.Close()
		d.opened = nil
	}
}

// reading is a document that is read from its beginning to its end. It stays
// open when the reader closes it.
type reading struct {
	file
	info   fs.FileInfo // when it was opened
	digest hash.Hash   // of what was read
}

// Read implements [io.Reader].
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.digest.Write(p[:n])
	return n, err
}

// Close does nothing: see [directory.close].
func (*reading) Close() error { return nil }

// verify checks that nobody wrote into the file meanwhile.
func (r *reading) verify(doc Document) error {
	now, err := r.Stat()
	if err != nil {
		return err
	}
	if !sameContent(r.info, now) {
		return fmt.Errorf("%s: %w", doc, errChanging)
	}
	return nil
}
