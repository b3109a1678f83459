package testrepo

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tree writes files below a folder, one after the other.
type tree struct {
	root string
	made map[string]bool // Folders.
	buf  []byte
	zip  *gzip.Writer // Made when it is needed: it takes a lot of memory.
}

func newTree(root string) *tree { return &tree{root: root, made: map[string]bool{}} }

func (t *tree) write(name string, content []byte) error {
	full := filepath.Join(t.root, filepath.FromSlash(name))
	if dir := filepath.Dir(full); !t.made[dir] {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		t.made[dir] = true
	}
	if err := os.WriteFile(full, content, 0o666); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (t *tree) writeDist(site string, d DistInfo) error {
	for _, f := range d.files() {
		if err := t.write(site+"/"+d.Folder()+"/"+f.name, f.content); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) writeR(r RPackage) error {
	if t.zip == nil {
		t.zip = gzip.NewWriter(nil)
	}
	rds, err := r.packageRDS(t.zip)
	if err != nil {
		return err
	}
	if err := t.write("lib/R/library/"+r.Folder+"/DESCRIPTION", r.Description()); err != nil {
		return err
	}
	return t.write("lib/R/library/"+r.Folder+"/Meta/package.rds", rds)
}

// linkTree makes the folders of src in dst and hard links its files into them.
func linkTree(src, dst string) error {
	return filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dst, path[len(src):])
		if entry.IsDir() {
			return os.MkdirAll(target, 0o777)
		}
		return os.Link(path, target)
	})
}

// makeEmpty creates dir with its parents; it must not hold anything.
func makeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o777)
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}
