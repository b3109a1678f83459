package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list walks the directory of a prefix once. It is read a directory at a time,
// and no file in it is looked at.
func (f *folder) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		if err := f.lost(); err != nil {
			yield(object{}, fmt.Errorf("archive: %s: %w", prefix, err))
			return
		}
		f.walk(ctx, prefix, yield)
	}
}

// walk yields the objects below a prefix, and whether to go on.
func (f *folder) walk(ctx context.Context, prefix string, yield func(object, error) bool) bool {
	entries, err := f.read(ctx, prefix)
	if err != nil {
		yield(object{}, fmt.Errorf("archive: %s: %w", prefix, err))
		return false
	}
	for _, entry := range entries {
		key := prefix + entry.Name()
		switch {
		case strings.HasPrefix(entry.Name(), "."):
			// No part of a key begins so. NFS keeps files so that were removed while
			// somebody read them.
		case entry.IsDir():
			if !f.walk(ctx, key+"/", yield) {
				return false
			}
		case entry.Type().IsRegular():
			if !yield(object{key, func() (stat, error) { return statOf(key, entry.Info) }}, nil) {
				return false
			}
		}
	}
	return true
}

// read returns what is in a directory in the order of keys, in which that of a
// directory ends with a slash: geo-dev/ is before geo/. One that does not exist,
// or not any more, is empty.
func (f *folder) read(ctx context.Context, prefix string) ([]fs.DirEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(f.path, filepath.FromSlash(prefix)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(sortName(a), sortName(b)) })
	return entries, nil
}

func sortName(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}

// statOf is what info tells of an object.
func statOf(key string, info func() (fs.FileInfo, error)) (stat, error) {
	about, err := info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stat{}, fmt.Errorf("archive: %s: %w", key, ErrNotFound)
	case err != nil:
		return stat{}, fmt.Errorf("archive: %s: %w", key, err)
	}
	return stat{about.Size(), about.ModTime()}, nil
}
