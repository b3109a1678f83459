// Package sandboxtest helps tests that prove of a foreign program that it left a directory tree alone.
package sandboxtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Node is everything that can be changed about a file, but the time of its last access.
type Node struct {
	Mode     fs.FileMode
	UID, GID uint32
	Links    uint64
	Modified time.Time
	Changed  time.Time // ctime, which no program can set: equal means that nothing was ever done to the file
	Content  string    // of a file; the target of a link
}

// Tree is a directory tree, by path relative to its root ("." is the root).
type Tree map[string]Node

// Look reads a tree. What this user cannot read has no content.
func Look(t testing.TB, root string) Tree {
	t.Helper()
	tree := Tree{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil && entry == nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		tree[name] = look(path, info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func look(path string, info fs.FileInfo) Node {
	stat := info.Sys().(*syscall.Stat_t)
	n := Node{
		Mode: info.Mode(), UID: stat.Uid, GID: stat.Gid, Links: stat.Nlink,
		Modified: info.ModTime(), Changed: time.Unix(stat.Ctim.Unix()),
	}
	switch {
	case info.Mode().IsRegular():
		data, _ := os.ReadFile(path)
		n.Content = string(data)
	case info.Mode().Type() == fs.ModeSymlink:
		n.Content, _ = os.Readlink(path)
	}
	return n
}

// WithoutChanged returns the tree without ctimes, for what was put back after having been changed.
func (tree Tree) WithoutChanged() Tree {
	out := Tree{}
	for name, n := range tree {
		n.Changed = time.Time{}
		out[name] = n
	}
	return out
}
