package manifests

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/google/renameio/v2"
)

// WriteMode says how a file is replaced.
type WriteMode int

const (
	// Atomic replaces by rename: readers see the old or the new file, complete.
	Atomic WriteMode = iota
	// InPlace overwrites the file there is (ATOMIC_WRITES=false), for places
	// where files can be written but not created or renamed. Readers can see
	// half a file, and a failure leaves half a file.
	InPlace
)

// publicMode is the mode of published files before the umask: a web server
// under another user reads them, a colleague of the group may replace them.
const publicMode fs.FileMode = 0o664

// Dir is a directory that documents are published in. Every name is resolved
// inside it (os.Root): a symbolic link at the name of a document is replaced,
// never written through. Two processes must not publish in one Dir at a time;
// see [AcquireLock]. Different Dirs may be used concurrently.
type Dir struct {
	root *os.Root
	mode WriteMode
}

// OpenDir opens an existing directory for publishing; it never creates one.
func OpenDir(name string, mode WriteMode) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Dir{root, mode}, nil
}

// Sub opens a directory below d, such as a kernel's. Links that lead out of d are refused.
func (d *Dir) Sub(name string) (*Dir, error) {
	root, err := d.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Dir{root, d.mode}, nil
}

// FS returns the directory for reading. Paths are confined to it, too.
func (d *Dir) FS() fs.FS { return d.root.FS() }

// Close releases the directory.
func (d *Dir) Close() error { return d.root.Close() }

// WriteManifest publishes a kernel's manifest in the kernel's directory d.
func (d *Dir) WriteManifest(m Manifest) error {
	data, err := m.Encode()
	if err != nil {
		return err
	}
	return d.writeFile(PackageManifestName, data)
}

// writeFile publishes one small document.
func (d *Dir) writeFile(name string, data []byte, opts ...renameio.Option) error {
	p, err := d.create(name, opts...)
	if err != nil {
		return err
	}
	defer p.abort()
	if _, err := p.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := p.commit(); err != nil {
		return err
	}
	return d.sync()
}

// pending is a file being written. Either commit or abort ends it; abort after
// commit does nothing.
type pending struct {
	*os.File
	name   string
	rename *renameio.PendingFile // nil in place
}

// create starts a file that will have the given name, one element long. It is
// renameio's temporary file: in this very directory, because a rename cannot
// cross file systems.
func (d *Dir) create(name string, opts ...renameio.Option) (*pending, error) {
	if name != path.Base(name) || name == "." || name == ".." || name == "/" {
		return nil, fmt.Errorf("create %q: not a file name", name)
	}
	if d.mode == InPlace {
		f, err := d.openInPlace(name)
		if err != nil {
			return nil, fmt.Errorf("open %s in place: %w", name, err)
		}
		return &pending{File: f, name: name}, nil
	}
	opts = append([]renameio.Option{renameio.WithRoot(d.root), renameio.WithPermissions(publicMode)}, opts...)
	f, err := renameio.NewPendingFile(name, opts...)
	if err != nil {
		return nil, fmt.Errorf("create temporary file for %s: %w", name, err)
	}
	return &pending{File: f.File, name: name, rename: f}, nil
}

// openInPlace opens the file at name and empties it. What is not a regular file
// is replaced; a link is not followed, not even one within the directory.
func (d *Dir) openInPlace(name string) (*os.File, error) {
	const create = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	before, err := d.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d.root.OpenFile(name, create, publicMode)
	case err != nil:
		return nil, err
	case !before.Mode().IsRegular():
		if err := d.root.Remove(name); err != nil {
			return nil, err
		}
		return d.root.OpenFile(name, create, publicMode)
	}
	f, err := d.root.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, errors.Join(fmt.Errorf("%s changed while it was opened", name), err, f.Close())
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// commit makes the content durable and puts it in place. The caller syncs the
// directory afterwards.
func (p *pending) commit() error {
	var err error
	if p.rename != nil {
		err = p.rename.CloseAtomicallyReplace()
	} else {
		err = errors.Join(p.Sync(), p.Close())
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", p.name, err)
	}
	return nil
}

// abort throws the file away. Its errors are of no use: the reason for giving
// up is the error to report, and a leftover is removed by the next run.
func (p *pending) abort() {
	if p.rename != nil {
		_ = p.rename.Cleanup()
	} else {
		_ = p.Close()
	}
}

// sync makes renames in the directory durable. Some network file systems cannot
// sync a directory and need not.
func (d *Dir) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// RemoveLeftovers removes the temporary files that killed runs left in d, and
// returns their names. Beside the documents' own names, more are names that d
// was published under (see [Publication]). The caller holds the lock of the
// kernel root: without it, the file of a living run may be taken.
func (d *Dir) RemoveLeftovers(more ...string) ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var removed []string
	for {
		entries, err := f.ReadDir(256)
		for _, e := range entries {
			if !e.Type().IsRegular() || !isLeftover(e.Name(), more) {
				continue
			}
			if err := d.root.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return removed, err
			}
			removed = append(removed, e.Name())
		}
		if errors.Is(err, io.EOF) {
			return removed, nil
		}
		if err != nil {
			return removed, err
		}
	}
}
