// Package rootfs makes one directory a file system that cannot be left: nothing outside of it is ever opened, whatever
// links, names and races it holds.
//
// Links are followed as long as they stay inside. The target of an absolute link is taken for a path of the host, so a
// link to another place in the same directory works and one to /etc is refused with [ErrOutside]. Towards the readers
// of the file system the directory is "/", which makes a kernel repository look like the file system of a container
// image: an absolute link target that [FS.ReadLink] returns begins at the root of the FS.
//
// Names may hold any bytes but slash and NUL; fs.ValidPath's demand for UTF-8 does not suit directories that people
// fill. Opening never blocks on a FIFO.
//
// The package builds on os.Root and knows nothing of conda or of our documents.
package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrOutside means a link (or "..") that leads out of the root. It is never followed.
var ErrOutside = errors.New("leads out of the root directory")

// FS is a directory as a file system. It implements fs.StatFS, fs.ReadDirFS, fs.ReadFileFS and fs.ReadLinkFS, and is
// safe for concurrent use.
type FS struct {
	root *os.Root
	dir  *os.File // the same directory
	host []string // what an absolute path of the host begins with when it lies inside: as given, and with links resolved
}

// Open opens dir, which must be a directory or a link to one.
func Open(dir string) (*FS, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return nil, err
	}
	self, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	f := &FS{root: root, dir: self, host: []string{abs}}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil && resolved != abs {
		f.host = append(f.host, resolved)
	}
	return f, nil
}

// Close releases the directory. Open files stay usable.
func (f *FS) Close() error { return errors.Join(f.dir.Close(), f.root.Close()) }

// Root is the directory for writers. It follows no link that leaves it either.
func (f *FS) Root() *os.Root { return f.root }

// HostPath returns the absolute path of name on the host.
func (f *FS) HostPath(name string) string { return filepath.Join(f.host[0], filepath.FromSlash(name)) }

// Inside returns the name that an absolute path of the host has in f, if it lies inside.
func (f *FS) Inside(host string) (name string, ok bool) {
	host = path.Clean(host)
	for _, h := range f.host {
		if host == h {
			return ".", true
		}
		if rest, ok := strings.CutPrefix(host, strings.TrimSuffix(h, "/")+"/"); ok {
			return rest, true
		}
	}
	return "", false
}

// Open opens a file or directory for reading. Directories are of type *[Dir].
func (f *FS) Open(name string) (fs.File, error) {
	file, err := f.open("open", name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if info.IsDir() {
		return &Dir{File: file}, nil
	}
	return file, nil
}

// open asks the kernel to stay below the root, in one call; os.Root, which opens each part of the name by itself, is for
// what that refuses: absolute links, kernels without openat2, containers that forbid it, and errors.
func (f *FS) open(op, name string) (file *os.File, err error) {
	file, err = f.openBeneath(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	err = f.within(op, name, func(name string) (err error) {
		file, err = f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		return err
	})
	return file, err
}

func (f *FS) openBeneath(name string) (*os.File, error) {
	clean, err := check("open", name)
	if err != nil {
		return nil, err
	}
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS,
	}
	fd, err := retry(func() (int, error) { return unix.Openat2(int(f.dir.Fd()), clean, &how) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), clean), nil
}

// Stat follows links.
func (f *FS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.within("stat", name, func(name string) (err error) {
		info, err = f.root.Stat(name)
		return err
	})
	return info, err
}

// Lstat follows links in all parts of name but the last.
func (f *FS) Lstat(name string) (info fs.FileInfo, err error) {
	err = f.withinParent("lstat", name, func(name string) (err error) {
		info, err = f.root.Lstat(name)
		return err
	})
	return info, err
}

// ReadLink returns the target of a link: a relative one as it is, an absolute one as a path from the root of f.
func (f *FS) ReadLink(name string) (target string, err error) {
	err = f.withinParent("readlink", name, func(name string) (err error) {
		target, err = f.root.Readlink(name)
		return err
	})
	if err != nil || !path.IsAbs(target) {
		return target, err
	}
	inside, ok := f.Inside(target)
	if !ok {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fmt.Errorf("link to %s: %w", target, ErrOutside)}
	}
	return path.Join("/", inside), nil
}

// ReadFile reads a whole file, following links.
func (f *FS) ReadFile(name string) ([]byte, error) {
	file, err := f.open("read", name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // opened for reading: nothing to lose
	return readRegular(file, nil)
}

// ReadDir lists a directory, sorted by name, each entry with its Lstat at hand.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	file, err := f.open("readdir", name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // opened for reading: nothing to lose
	entries, err := file.ReadDir(-1)
	sortEntries(entries)
	return entries, err
}

// within runs do with name; where a link stops it, do runs again with the name that the link stands for.
func (f *FS) within(op, name string, do func(name string) error) error {
	clean, err := check(op, name)
	if err != nil {
		return err
	}
	if err = do(clean); err == nil || isFinal(err) {
		return err
	}
	resolved, err := Resolve(f, clean)
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return do(resolved)
}

// withinParent is within for operations on a link itself.
func (f *FS) withinParent(op, name string, do func(name string) error) error {
	clean, err := check(op, name)
	if err != nil {
		return err
	}
	if err = do(clean); err == nil || isFinal(err) || !strings.Contains(clean, "/") {
		return err
	}
	parent, err := Resolve(f, path.Dir(clean))
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return do(path.Join(parent, path.Base(clean)))
}

// isFinal reports whether err is the system's own answer, not os.Root's refusal of an absolute link.
func isFinal(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno)
}

// check refuses names that are no paths of an fs.FS, but for their bytes.
func check(op, name string) (string, error) {
	if name == "" || path.IsAbs(name) || strings.IndexByte(name, 0) >= 0 {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	clean := path.Clean(name)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", &fs.PathError{Op: op, Path: name, Err: ErrOutside}
	}
	return clean, nil
}
