package image

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// Marks of an overlay in a layer (OCI image specification, "Whiteouts").
const (
	whiteout       = ".wh."
	opaqueMark     = ".wh..wh..opq"
	whiteoutPrefix = ".wh..wh." // of other marks that old storage drivers left, which say nothing of files
)

var errLoop = &Error{Code: NotAnImage, Detail: "links that go round in circles", Err: syscall.ELOOP}

// layerReader makes a tree of one layer.
type layerReader struct {
	tree     *tree // of this layer
	base     *tree // of the layers below, to know what a file of no interest covers
	want     *wanted
	store    *store
	entries  *int   // how many more are allowed
	unpacked *int64 // how many more bytes are allowed
	limits   Limits
}

// read reads all entries of a layer.
func (l *layerReader) read(archive *tar.Reader) error {
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		if *l.entries--; *l.entries < 0 {
			return refuse(TooLarge, "the layers have more than %d entries", l.limits.Entries)
		}
		if header.Size < 0 || *l.unpacked < header.Size {
			return refuse(TooLarge, "the layers unpack to more than %d bytes", l.limits.Unpacked)
		}
		*l.unpacked -= header.Size
		if err := l.entry(header, archive); err != nil {
			return err
		}
	}
}

// damaged says of an error in reading a layer that the archive is at fault, if nobody else is.
func damaged(err error) error {
	var refused *Error
	if errors.As(err, &refused) || isMachine(err) {
		return err
	}
	return because(NotAnImage, err, "a layer is damaged")
}

// entry takes one entry into the tree.
func (l *layerReader) entry(header *tar.Header, data io.Reader) error {
	name, err := safeName(header.Name)
	if err != nil {
		return err
	}
	if name == "" {
		if header.Typeflag == tar.TypeDir {
			l.tree.root.mode = fs.ModeDir | header.FileInfo().Mode().Perm()
			l.tree.root.implied = false
		}
		return nil
	}
	if base := path.Base(name); strings.HasPrefix(base, whiteout) {
		return l.hide(name, base)
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return l.directory(name, header)
	case tar.TypeSymlink:
		return l.symlink(name, header)
	case tar.TypeLink:
		return l.hardLink(name, header)
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		return l.file(name, header, data)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return l.device(name, header)
	}
	return nil // as container runtimes do
}

// safeName cleans the name of an entry: "./a//b/" is a/b, and "" the root. One that climbs out, or that no file system
// would take, is refused.
func safeName(name string) (string, error) {
	if len(name) > maxPath || strings.IndexByte(name, 0) >= 0 {
		return "", refuse(Unsafe, "the path %q cannot be a path", short(name))
	}
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", refuse(Unsafe, "the path %q leads out of the image", short(name))
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}

func (l *layerReader) hide(name, base string) error {
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	hidden := strings.TrimPrefix(base, whiteout)
	switch {
	case base == opaqueMark:
		p.dir.opaque = true
		return nil
	case strings.HasPrefix(base, whiteoutPrefix):
		return nil
	case hidden == "" || hidden == "." || hidden == "..":
		return refuse(Unsafe, "the whiteout %q leads out of its directory", short(name))
	}
	return l.cover(p.dir, hidden)
}

func (l *layerReader) directory(name string, header *tar.Header) error {
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	mode := header.FileInfo().Mode()
	if old := p.dir.children[p.name]; old != nil && old.folder != nil {
		old.mode, old.implied = fs.ModeDir|mode.Perm(), false
		return nil
	}
	return l.put(p, newDirectory(mode, false))
}

func (l *layerReader) symlink(name string, header *tar.Header) error {
	if len(header.Linkname) > maxPath || header.Linkname == "" {
		return refuse(Unsafe, "the link %q has no target that a link may have", short(name))
	}
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	return l.put(p, &node{mode: fs.ModeSymlink | 0o777, target: header.Linkname, size: int64(len(header.Linkname))})
}

// hardLink makes a second name for a file. The file may be in a layer below, or not have been worth keeping: then the
// link is only noted, if its own name is worth it.
func (l *layerReader) hardLink(name string, header *tar.Header) error {
	target, err := safeName(header.Linkname)
	if err != nil || target == "" {
		return refuse(Unsafe, "the hard link %q leads out of the image", short(name))
	}
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	to, ok, err := l.tree.at(target, false)
	if err != nil {
		return err
	}
	if ok && to.dir.folder != nil {
		if file := to.dir.children[to.name]; file != nil && file.folder == nil {
			return l.put(p, file)
		}
	}
	if l.want.ofFile(p.full()) == nothing {
		return l.drop(p)
	}
	return l.put(p, &node{hardLink: true, target: target})
}

func (l *layerReader) device(name string, header *tar.Header) error {
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	if l.want.ofFile(p.full()) == nothing {
		return l.drop(p)
	}
	return l.put(p, &node{mode: header.FileInfo().Mode()})
}

func (l *layerReader) file(name string, header *tar.Header, data io.Reader) error {
	p, _, err := l.tree.at(name, true)
	if err != nil {
		return err
	}
	file := &node{mode: header.FileInfo().Mode().Perm(), size: header.Size}
	switch l.want.ofFile(p.full()) {
	case nothing:
		return l.drop(p)
	case presence:
	case content:
		if header.Size > l.limits.File {
			break
		}
		if file.offset, err = l.store.put(data, header.Size); err != nil {
			return damaged(err)
		}
		file.kept = true
	}
	return l.put(p, file)
}

// put enters a node in the place of what had its name in this layer.
func (l *layerReader) put(p place, n *node) error {
	if err := l.tree.spend(p.name, n); err != nil {
		return err
	}
	p.dir.set(p.name, n)
	return nil
}

// drop takes note of a file of no interest: it covers what had its name in this layer, and in the layers below.
func (l *layerReader) drop(p place) error {
	delete(p.dir.children, p.name)
	below, ok, err := l.base.at(p.full(), false)
	if err != nil || !ok || below.dir.folder == nil || below.dir.children[p.name] == nil {
		return err
	}
	return l.cover(p.dir, p.name)
}

// cover hides a name of the layers below.
func (l *layerReader) cover(dir *node, name string) error {
	if dir.whiteouts[name] {
		return nil
	}
	if dir.whiteouts == nil {
		dir.whiteouts = map[string]bool{}
	}
	dir.whiteouts[name] = true
	return l.tree.spend(name, nil)
}
