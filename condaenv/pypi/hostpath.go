package pypi

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"kernelindexer/rootfs"
)

// errOutside says that a path leaves the file system that is being read.
var errOutside = fmt.Errorf("%w: outside of what is being read", ErrSkipped)

// resolveHostPath translates a path as a program on the host would write it
// into a path of fsys. A relative one begins at env.WorkDir. What lies outside
// of env.HostRoot is out of reach and counts as gone; a path may leave the
// root and come back, and is then taken by its letters while outside.
//
// Links are left to fsys to follow, except before a "..", which goes to the
// parent of what the link leads to.
func resolveHostPath(fsys fs.FS, target string, env Env) (string, error) {
	at, err := hostStart(target, env)
	if err != nil {
		return "", err
	}
	root := path.Clean("/" + env.HostRoot)
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if inside, ok := belowRoot(at, root); ok {
				resolved, err := realFolder(fsys, inside)
				if err != nil {
					return "", err
				}
				at = path.Join(root, resolved)
			}
			at = path.Dir(at)
		default:
			at = path.Join(at, part)
		}
	}
	inside, ok := belowRoot(at, root)
	if !ok {
		return "", errOutside
	}
	return inside, nil
}

// hostStart returns the folder of the host at which the path target begins.
func hostStart(target string, env Env) (string, error) {
	switch {
	case target == "", strings.IndexByte(target, 0) >= 0:
		return "", fmt.Errorf("%w: not a path", ErrSkipped)
	case path.IsAbs(target) && env.HostRoot == "":
		return "", errOutside
	case path.IsAbs(target):
		return "/", nil
	case env.WorkDir == "":
		return "", fmt.Errorf("%w: relative to a working directory elsewhere", ErrSkipped)
	}
	return path.Join("/", env.HostRoot, env.WorkDir), nil
}

// belowRoot translates an absolute, clean path of the host into one of the
// file system whose root is root. It reports false if the path is elsewhere.
func belowRoot(name, root string) (string, bool) {
	if name == root {
		return ".", true
	}
	if root != "/" {
		root += "/"
	}
	return strings.CutPrefix(name, root)
}

// realFolder returns the path of an existing folder without links in it.
func realFolder(fsys fs.FS, name string) (string, error) {
	k, err := kindOf(fsys, name)
	if err != nil {
		return "", err
	}
	if k != folder {
		return "", fmt.Errorf("%w: %w", ErrSkipped, whyNot(fsys, name))
	}
	resolved, err := rootfs.Resolve(fsys, name)
	if err != nil {
		return "", skipUnlessMachine(err)
	}
	return resolved, nil
}
