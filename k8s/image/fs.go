package image

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"kernelindexer/rootfs"
)

// FS is the file system of an image: what was kept of it. It implements fs.StatFS, fs.ReadDirFS, fs.ReadFileFS and
// fs.ReadLinkFS. Names may hold any bytes but slash and NUL. Links are followed as in a container: an absolute target
// begins at the root, and ".." does not leave it. Permissions are shown and not enforced. It is safe for concurrent use.
//
// A file that is there but was not kept cannot be read: the error is [ErrNotKept].
type FS struct {
	root  *node
	store *store
}

// ErrNotKept means a file that is in the image but whose content was of no interest, or longer than Limits.File.
var ErrNotKept = errors.New("its content was not kept: it is of no interest, or too long")

// pathSteps is how many steps one path may take, links included.
const pathSteps = 1 << 20

// find returns the node of a name: itself if it is a link and follow is false.
func (f *FS) find(op, name string, follow bool) (*node, error) {
	fail := func(err error) (*node, error) { return nil, &fs.PathError{Op: op, Path: name, Err: err} }
	if name == "" || path.IsAbs(name) || strings.IndexByte(name, 0) >= 0 {
		return fail(fs.ErrInvalid)
	}
	clean := path.Clean(name)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return fail(rootfs.ErrOutside)
	}
	if clean == "." {
		return f.root, nil
	}
	t := &tree{root: f.root, cost: &cost{steps: pathSteps}}
	p, ok, err := t.at(clean, false)
	var n *node
	switch {
	case err != nil: // too many links, or too long ones
		return fail(syscall.ELOOP)
	case !ok:
		return fail(fs.ErrNotExist)
	case p.dir.folder == nil:
		return fail(syscall.ENOTDIR)
	}
	n = p.dir.children[p.name]
	if n != nil && n.isLink() && follow {
		if n, _, err = t.resolve(p.full()); err != nil {
			return fail(syscall.ELOOP)
		}
	}
	if n == nil {
		return fail(fs.ErrNotExist)
	}
	return n, nil
}

// Stat follows links.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	return fileInfo{name: path.Base(name), node: n}, nil
}

// Lstat follows links in all parts of name but the last.
func (f *FS) Lstat(name string) (fs.FileInfo, error) {
	n, err := f.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return fileInfo{name: path.Base(name), node: n}, nil
}

// ReadLink returns the target of a link as it is written.
func (f *FS) ReadLink(name string) (string, error) {
	n, err := f.find("readlink", name, false)
	if err == nil && !n.isLink() {
		err = &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return "", err
	}
	return n.target, nil
}

// ReadFile reads a whole file.
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.find("read", name, true)
	if err != nil {
		return nil, err
	}
	section, err := f.content(n)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	data := make([]byte, n.size)
	_, err = io.ReadFull(section, data)
	return data, err
}

// content returns the bytes of a regular file.
func (f *FS) content(n *node) (*io.SectionReader, error) {
	switch {
	case n.folder != nil:
		return nil, syscall.EISDIR
	case !n.mode.IsRegular():
		return nil, fs.ErrInvalid
	case n.kept || n.size == 0 && !n.hardLink:
		return io.NewSectionReader(f.store.file, n.offset, n.size), nil
	}
	return nil, ErrNotKept
}

// ReadDir lists a directory, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name, true)
	if err == nil && n.folder == nil {
		err = &fs.PathError{Op: "readdir", Path: name, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, err
	}
	return n.entries(), nil
}

func (n *node) entries() []fs.DirEntry {
	list := make([]fs.DirEntry, 0, len(n.children))
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		list = append(list, fs.FileInfoToDirEntry(fileInfo{name: name, node: n.children[name]}))
	}
	return list
}

// Open opens a file or directory.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	info := fileInfo{name: path.Base(name), node: n}
	if n.folder != nil {
		return &directory{info: info, rest: n.entries()}, nil
	}
	section, err := f.content(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &regular{SectionReader: section, info: info}, nil
}

// regular is an open file.
type regular struct {
	*io.SectionReader
	info fileInfo
}

// Stat returns what is known of the file.
func (r *regular) Stat() (fs.FileInfo, error) { return r.info, nil }

// Close does nothing: the store stays open.
func (r *regular) Close() error { return nil }

// directory is an open directory.
type directory struct {
	info fileInfo
	rest []fs.DirEntry
}

// Stat returns what is known of the directory.
func (d *directory) Stat() (fs.FileInfo, error) { return d.info, nil }

// Close does nothing.
func (d *directory) Close() error { return nil }

// Read fails: a directory has no bytes.
func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: syscall.EISDIR}
}

// ReadDir returns the next entries, as fs.ReadDirFile says.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	next := d.rest[:n]
	d.rest = d.rest[n:]
	return next, nil
}

// fileInfo is what is known of a file. Times are not.
type fileInfo struct {
	name string
	*node
}

// Name returns the last part of the name that was asked for.
func (i fileInfo) Name() string { return i.name }

// Size returns the length in bytes.
func (i fileInfo) Size() int64 { return i.size }

// Mode returns type and permissions.
func (i fileInfo) Mode() fs.FileMode { return i.mode }

// ModTime returns the zero time: what is read of an image does not depend on times.
func (i fileInfo) ModTime() time.Time { return time.Time{} }

// IsDir reports whether it is a directory.
func (i fileInfo) IsDir() bool { return i.mode.IsDir() }

// Sys returns nil.
func (i fileInfo) Sys() any { return nil }
