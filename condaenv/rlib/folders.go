package rlib

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"syscall"

	"kernelindexer/condaenv/rlib/rds"
)

// fileLimit bounds what is read of one file. It is far beyond any real one.
const fileLimit = 16 << 20

var (
	errNotAFile  = errors.New("not a regular file")
	errLargeFile = fmt.Errorf("%w: longer than %d bytes", rds.ErrUnsupported, fileLimit)
)

// Libraries returns the folders that the R of the conda prefix looks for packages in if
// nothing else is set up, in that order: site-library, if it is there, before
// library. This is .libPaths() without R_LIBS, R_LIBS_USER and R_LIBS_SITE in the
// environment. A folder that does not exist is left out, so the result is empty for a
// prefix without R.
func Libraries(fsys fs.FS, prefix string) []string {
	var libs []string
	for _, name := range []string{"site-library", "library"} {
		lib := path.Join(prefix, "lib", "R", name)
		if info, err := fs.Stat(fsys, lib); err == nil && info.IsDir() {
			libs = append(libs, lib)
		}
	}
	return libs
}

// isMissing tells whether err says that there is no such file, which a file in place of
// a folder and a circle of links mean as well.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// isReadable tells whether the folder may be listed; R asks access() for that. The right
// to go through it is proven by a Stat of something within.
func (s *scanner) isReadable(folder string) bool {
	f, err := s.fsys.Open(folder)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// files reads files one after another into the same buffer.
type files struct {
	buf []byte
}

// read returns the content of a file, valid until the next call. Info is what Stat says
// of it: anything but a regular file is not opened, for that might block.
func (r *files) read(fsys fs.FS, name string, info fs.FileInfo) ([]byte, error) {
	switch {
	case !info.Mode().IsRegular():
		return nil, errNotAFile
	case info.Size() > fileLimit:
		return nil, errLargeFile
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int(info.Size())
	if cap(r.buf) < size {
		r.buf = make([]byte, size+size/2)
	}
	// Whatever is added to the file meanwhile is not read.
	n, err := io.ReadFull(f, r.buf[:size])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return r.buf[:n], nil
}
