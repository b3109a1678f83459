package manifests

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
)

// Location is where a document is read: the two documents of a pair may be in
// different directories.
type Location struct {
	FS   fs.FS
	Name string
}

// open opens a regular file. It looks before it opens, because opening a FIFO
// would wait for a writer.
func (l Location) open() (fs.File, error) {
	info, err := fs.Stat(l.FS, l.Name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, invalid("%s is not a regular file", l.Name)
	}
	return l.FS.Open(l.Name)
}

// readSmall reads a whole file of at most limit bytes.
func readSmall(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := Location{fsys, name}.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= limit {
		data.Grow(int(info.Size()) + bytes.MinRead) // so that nothing is copied
	}
	if _, err := data.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(data.Len()) > limit {
		return nil, invalid("%s is larger than %d bytes", name, limit)
	}
	return data.Bytes(), nil
}
