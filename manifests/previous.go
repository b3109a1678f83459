package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// previousName is the second name of an index while it is being replaced, in
// the index's directory.
func previousName(index string) string {
	dir, base := path.Split(index)
	return dir + "." + base + ".previous"
}

// kept is the index that a publication is about to replace, under its second
// name: for readers until the collated file has followed, and to take the first
// rename back when the second fails (the collated file belongs to someone else
// in a sticky directory, or is a directory).
type kept struct {
	dir    *Dir
	index  string
	linked bool
	absent bool // there was no index
}

// keep gives the index its second name. It never fails: on a file system
// without hard links there is no way back.
//
// Where a run was killed between its renames, the second name has the index of
// the collated file that is still in place. It stays: the index under the
// first name never was of a complete pair.
func (d *Dir) keep(collated, index string) *kept {
	k := &kept{dir: d, index: index}
	if d.mode == InPlace {
		return k
	}
	previous := previousName(index)
	if d.completes(collated, previous) && !d.completes(collated, index) {
		k.linked = true
		return k
	}
	_ = d.root.Remove(previous)
	switch err := d.root.Link(index, previous); {
	case err == nil:
		k.linked = true
	case errors.Is(err, fs.ErrNotExist):
		k.absent = true
	}
	return k
}

// completes reports whether both files say they are of one generation.
func (d *Dir) completes(collated, index string) bool {
	fsys := d.FS()
	g := generationAt(Location{fsys, collated})
	return g != "" && g == generationAt(Location{fsys, index})
}

func generationAt(l Location) string {
	f, err := openDocument(l)
	if err != nil {
		return ""
	}
	defer f.Close()
	return f.generation()
}

// restore takes the rename back and returns why that was necessary.
func (k *kept) restore(cause error) error {
	var err error
	switch {
	case k.absent:
		err = k.dir.root.Remove(k.index)
	case k.linked:
		err = k.dir.root.Rename(previousName(k.index), k.index)
	}
	if err != nil {
		return fmt.Errorf("%w; taking back %s: %w", cause, k.index, err)
	}
	return cause
}

// forget removes the second name. If that fails, it does no harm: a reader asks
// for it only when the pair does not match.
func (k *kept) forget() {
	if k.linked {
		_ = k.dir.root.Remove(previousName(k.index))
	}
}
