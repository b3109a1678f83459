package condaenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"kernelindexer/rootfs"
)

// fileRecord is an accepted record and the name of its file.
type fileRecord struct {
	*record
	file string
}

// maxBuffer is where a lister stops keeping its read buffer for the next record, in bytes.
const maxBuffer = 8 << 20

// metaDir is a directory such as conda-meta, opened. [rootfs.Dir] is one; adaptDir makes one of any other directory.
type metaDir interface {
	Entries() ([]rootfs.Entry, error)
	ReadFile(name string, buf []byte) ([]byte, error)
	Lstat(name string) (rootfs.Stamp, error)
	Close() error
}

// readRecords reads the records of conda-meta in the order of the file system, which decides between two of one name.
func readRecords(ctx context.Context, fsys fs.FS, prefix string) (records []fileRecord, warnings []string, err error) {
	path := prefix + "/conda-meta"
	dir, err := openMeta(fsys, path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	entries, err := dir.Entries()
	if err != nil {
		return nil, nil, err
	}
	var parser recordParser
	var buf []byte
	for _, entry := range entries {
		if !isRecordName(entry.Name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		buf, err = readEntry(fsys, dir, path, entry, buf)
		if err != nil {
			return nil, nil, fmt.Errorf("conda-meta/%s: %w", entry.Name, err)
		}
		r, err := parser.parse(entry.Name, buf)
		switch {
		case errors.Is(err, errMismatch):
			warnings = append(warnings, fmt.Sprintf("conda-meta/%s ignored: %v", entry.Name, err))
		case err != nil:
			return nil, nil, fmt.Errorf("conda-meta/%s: %w", entry.Name, err)
		default:
			records = append(records, fileRecord{record: r, file: entry.Name})
		}
		if cap(buf) > maxBuffer {
			buf = nil
		}
	}
	return records, warnings, nil
}

// isRecordName picks the names conda opens. Dotfiles count, but for those that macOS leaves behind.
func isRecordName(name string) bool {
	return strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "._")
}

// readEntry reads a record: a regular file, or a link to one.
func readEntry(fsys fs.FS, dir metaDir, path string, entry rootfs.Entry, buf []byte) ([]byte, error) {
	if entry.Type.IsRegular() {
		return dir.ReadFile(entry.Name, buf)
	}
	name := path + "/" + entry.Name
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return fs.ReadFile(fsys, name)
}

// openMeta opens the directory of the records.
func openMeta(fsys fs.FS, path string) (metaDir, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	if dir, ok := file.(metaDir); ok {
		return dir, nil
	}
	return adaptDir{fsys: fsys, path: path, File: file}, nil
}

// adaptDir reads a directory of a file system that has no quicker way.
type adaptDir struct {
	fs.File
	fsys fs.FS
	path string
}

// Entries lists the directory in its own order.
func (d adaptDir) Entries() ([]rootfs.Entry, error) {
	dir, ok := d.File.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: d.path, Err: errors.ErrUnsupported}
	}
	list, err := dir.ReadDir(-1)
	entries := make([]rootfs.Entry, len(list))
	for i, e := range list {
		entries[i] = rootfs.Entry{Name: e.Name(), Type: e.Type()}
	}
	return entries, err
}

// ReadFile reads a file of the directory; buf is of no use to it.
func (d adaptDir) ReadFile(name string, _ []byte) ([]byte, error) {
	return fs.ReadFile(d.fsys, d.path+"/"+name)
}

// Lstat makes a stamp of what an fs.FileInfo tells.
func (d adaptDir) Lstat(name string) (rootfs.Stamp, error) {
	info, err := fs.Lstat(d.fsys, d.path+"/"+name)
	if err != nil {
		return rootfs.Stamp{}, err
	}
	return rootfs.Stamp{Mode: uint64(info.Mode()), Size: info.Size(), MTime: info.ModTime().UnixNano()}, nil
}
