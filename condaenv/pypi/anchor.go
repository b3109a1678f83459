package pypi

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Anchor is the path of the file that stands for an installed Python package:
// slash-separated and relative to its site-packages folder, for example
// "numpy-2.1.0.dist-info/RECORD". The file need not exist. Joined to the path
// of site-packages below the prefix it is what conda compares with the files
// of its own records.
type Anchor string

// Path returns the anchor's path, relative to site-packages.
func (a Anchor) Path() string { return string(a) }

// Anchors lists the anchors of the site-packages folder dir in byte order.
// dir is a path in fsys whose links the caller has resolved already. Only the
// names of the direct entries decide, letter case included, and of egg-infos
// and eggs also whether they are files or folders (conda list, SPEC 5.1).
//
// A folder that cannot be listed is an error: conda's listing fails on it too.
func Anchors(fsys fs.FS, dir string) ([]Anchor, error) {
	dir = path.Clean(dir)
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("list site-packages %s: %w", dir, err)
	}
	var anchors []Anchor
	for _, entry := range entries {
		a, err := anchorOf(fsys, dir, entry.Name())
		if err != nil {
			return nil, err
		}
		if a != "" {
			anchors = append(anchors, a)
		}
	}
	slices.Sort(anchors)
	return anchors, nil
}

// anchorOf returns the anchor that an entry of site-packages stands for, or "".
func anchorOf(fsys fs.FS, dir, name string) (Anchor, error) {
	switch {
	case strings.HasSuffix(name, ".dist-info"):
		return Anchor(name + "/RECORD"), nil

	case strings.HasSuffix(name, ".egg-info"):
		k, err := kindOf(fsys, path.Join(dir, name))
		if err != nil {
			return "", err
		}
		if k == regular {
			return Anchor(name), nil
		}
		return Anchor(name + "/PKG-INFO"), nil

	case strings.HasSuffix(name, ".egg"):
		// A zipped egg is a file, and nobody lists it.
		k, err := kindOf(fsys, path.Join(dir, name))
		if err != nil || k != folder {
			return "", err
		}
		return Anchor(name + "/EGG-INFO/PKG-INFO"), nil

	case strings.HasSuffix(name, ".egg-link"):
		return Anchor(name), nil
	}
	return "", nil
}
