package image

import (
	"io/fs"
	"strings"
)

// node is what is kept of a file: in the tree of one layer, or in that of the image, which the layers make.
type node struct {
	mode     fs.FileMode // type and permission bits
	size     int64
	offset   int64  // of the content in the store, if kept
	target   string // of a symbolic link, as written; of a hard link to a file not seen yet, its path
	kept     bool
	hardLink bool // stands for the file at target
	*folder       // of directories
}

// folder is what only directories have. The last two are for trees of layers: what the layer takes away from below.
type folder struct {
	children  map[string]*node
	implied   bool // no entry of its own, only entries below it
	opaque    bool
	whiteouts map[string]bool
}

// What a node costs in memory beside its name and link target, in bytes: measured, and rounded up. That of a directory
// counts the map of its children.
const (
	nodeSize      = 256
	directorySize = 512
)

const (
	maxPath  = 4096 // bytes of a path, as in the Linux kernel
	maxLinks = 40   // symbolic links on a path, as in the Linux kernel
)

func newDirectory(mode fs.FileMode, implied bool) *node {
	return &node{mode: fs.ModeDir | mode.Perm(), folder: &folder{implied: implied}}
}

func (n *node) isLink() bool { return n.mode.Type() == fs.ModeSymlink }

func (f *folder) set(name string, child *node) {
	if f.children == nil {
		f.children = map[string]*node{}
	}
	f.children[name] = child
}

// tree is a file system of nodes. Its cost is shared with the other trees of an image.
type tree struct {
	root *node
	cost *cost
}

// cost is what trees may still take: bytes of memory, and steps from a directory to the next, which long links in long
// paths would make endless.
type cost struct{ memory, steps int64 }

func newTree(c *cost) *tree { return &tree{root: newDirectory(0o755, true), cost: c} }

var (
	errTree  = refuse(TooLarge, "the directories and links of the image need too much memory")
	errSteps = refuse(TooLarge, "the paths and links of the image are too long")
)

// spend takes memory for a node, or for a name that is hidden if n is nil.
func (t *tree) spend(name string, n *node) error {
	size := nodeSize + len(name)
	if n != nil {
		size += len(n.target)
		if n.folder != nil {
			size += directorySize - nodeSize
		}
	}
	if t.cost.memory -= int64(size); t.cost.memory < 0 {
		return errTree
	}
	return nil
}

// place is the end of a walk: a directory, its canonical path ("" for the root), and the name that is left.
type place struct {
	dir  *node
	path string
	name string
}

func (p place) full() string { return joined(p.path, p.name) }

func joined(dir, name string) string {
	if dir == "" || name == "" {
		return dir + name
	}
	return dir + "/" + name
}

// at walks to the directory in which name is, following links as a container does: an absolute target begins at the
// root, and ".." stays in it. What is missing is made if grow is set; otherwise ok is false, and the place has a path
// only, which is where it would be. A file in the place of a directory is like a missing one, unless grow is set.
func (t *tree) at(name string, grow bool) (p place, ok bool, err error) {
	w := walk{tree: t, stack: []*node{t.root}, grow: grow}
	parts := strings.Split(name, "/")
	if err := w.through(parts[:len(parts)-1]); err != nil {
		return place{}, false, err
	}
	return place{dir: w.here(), path: strings.Join(w.names, "/"), name: parts[len(parts)-1]}, w.here() != nil, nil
}

// resolve follows all links of a path, the last included, and returns the node that is there, or nil, and its path.
func (t *tree) resolve(name string) (*node, string, error) {
	w := walk{tree: t, stack: []*node{t.root}}
	if err := w.through(strings.Split(name, "/")); err != nil {
		return nil, "", err
	}
	return w.here(), strings.Join(w.names, "/"), nil
}

// walk is a position in a tree: a name for each directory below the root, and the nodes on the way. A nil node is
// missing.
type walk struct {
	tree     *tree
	stack    []*node
	names    []string
	grow     bool
	followed int
}

func (w *walk) here() *node { return w.stack[len(w.stack)-1] }

func (w *walk) through(parts []string) error {
	if w.tree.cost.steps -= int64(len(parts)); w.tree.cost.steps < 0 {
		return errSteps
	}
	for len(parts) > 0 {
		part := parts[0]
		parts = parts[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if n := len(w.names); n > 0 {
				w.names, w.stack = w.names[:n-1], w.stack[:n]
			}
			continue
		}
		next, err := w.step(part)
		if err != nil {
			return err
		}
		if next == nil || !next.isLink() {
			w.names, w.stack = append(w.names, part), append(w.stack, next)
			continue
		}
		if w.followed++; w.followed > maxLinks {
			return errLoop
		}
		if strings.HasPrefix(next.target, "/") {
			w.names, w.stack = w.names[:0], w.stack[:1]
		}
		more := strings.Split(next.target, "/")
		if w.tree.cost.steps -= int64(len(more)); w.tree.cost.steps < 0 {
			return errSteps
		}
		parts = append(more, parts...)
	}
	return nil
}

// step returns the child of that name, made if need be and allowed.
func (w *walk) step(name string) (*node, error) {
	dir := w.here()
	if dir == nil || dir.folder == nil {
		return nil, nil
	}
	next := dir.children[name]
	if next != nil && (next.folder != nil || next.isLink()) || !w.grow {
		return next, nil
	}
	if next != nil {
		return nil, refuse(NotAnImage, "an entry below the file %q", short(joined(strings.Join(w.names, "/"), name)))
	}
	next = newDirectory(0o755, true)
	dir.set(name, next)
	return next, w.tree.spend(name, next)
}
