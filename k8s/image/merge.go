package image

import (
	"io/fs"
	"maps"
	"path"
	"slices"
)

// merger lays layers over each other (OCI image specification, "Applying Changesets"): first what a layer hides of
// those below it, wherever in the layer it says so, then what it has, in the order of names.
type merger struct {
	tree    *tree
	through []throughLink
	pending []*node // hard links to files that are not there
}

// throughLink is a directory of a layer that has no entry of its own and whose name is a symbolic link below: its entries
// go where the link leads, after everything else.
type throughLink struct {
	path string
	dir  *node
}

// apply lays one layer over what there is. The layer's nodes become the tree's.
func (m *merger) apply(layer *tree) error {
	if err := m.hide(m.tree.root, layer.root, ""); err != nil {
		return err
	}
	m.through = m.through[:0]
	if err := m.add(m.tree.root, layer.root, ""); err != nil {
		return err
	}
	for len(m.through) > 0 {
		next := m.through[0]
		m.through = m.through[1:]
		target, where, err := m.follow(next.path)
		if err != nil {
			return err
		}
		if err := m.add(target, next.dir, where); err != nil {
			return err
		}
	}
	return m.linkUp()
}

// follow returns the directory that a path leads to, made if need be.
func (m *merger) follow(name string) (*node, string, error) {
	p, _, err := m.tree.at(name+"/x", true)
	return p.dir, p.path, err
}

// hide takes away what the layer hides.
func (m *merger) hide(base, layer *node, where string) error {
	if layer.opaque {
		base.children = nil
	}
	for name := range layer.whiteouts {
		delete(base.children, name)
	}
	for _, name := range slices.Sorted(maps.Keys(layer.children)) {
		child, below := layer.children[name], base.children[name]
		if child.folder == nil || below == nil {
			continue
		}
		at := joined(where, name)
		if below.isLink() && child.implied {
			n, found, err := m.tree.resolve(at)
			if err != nil {
				return err
			}
			below, at = n, found
		}
		if below == nil || below.folder == nil {
			continue
		}
		if err := m.hide(below, child, at); err != nil {
			return err
		}
	}
	return nil
}

// add enters what the layer has.
func (m *merger) add(base, layer *node, where string) error {
	if !layer.implied {
		base.mode, base.implied = layer.mode, false
	}
	for _, name := range slices.Sorted(maps.Keys(layer.children)) {
		child, below := layer.children[name], base.children[name]
		at := joined(where, name)
		switch {
		case child.folder == nil:
			base.set(name, child)
			if child.hardLink {
				m.pending = append(m.pending, child)
			}
		case below != nil && below.folder != nil:
			if err := m.add(below, child, at); err != nil {
				return err
			}
		case below != nil && child.implied && below.isLink():
			m.through = append(m.through, throughLink{path: at, dir: child})
		case below != nil && child.implied:
			return refuse(NotAnImage, "an entry below the file %q", short(at))
		default:
			base.set(name, child)
			m.adopt(child)
		}
	}
	return nil
}

// adopt makes a directory of a layer one of the image, with everything in it. What it hid is hidden by now.
func (m *merger) adopt(dir *node) {
	dir.opaque, dir.whiteouts = false, nil
	for _, name := range slices.Sorted(maps.Keys(dir.children)) {
		switch child := dir.children[name]; {
		case child.folder != nil:
			m.adopt(child)
		case child.hardLink:
			m.pending = append(m.pending, child)
		}
	}
}

// linkUp gives hard links the content of the files they stand for, as far as those are known.
func (m *merger) linkUp() error {
	open := m.pending[:0]
	for _, link := range m.pending {
		p, ok, err := m.tree.at(link.target, false)
		if err != nil {
			return err
		}
		if ok && p.dir.folder != nil {
			if file := p.dir.children[p.name]; file != nil && file.folder == nil && !file.hardLink {
				*link = *file
				continue
			}
		}
		link.target = p.full()
		open = append(open, link)
	}
	m.pending = open
	return nil
}

// more returns what else must be kept: the files that kept names lead to by links and that nobody could know of when
// they came by. It is nil if there are none.
func (m *merger) more(want *wanted) (*wanted, error) {
	next := &wanted{files: map[string]bool{}, directories: map[string]string{}}
	for _, link := range m.pending {
		next.files[link.target] = true
	}
	if err := m.linksOut(m.tree.root, "", want, next); err != nil {
		return nil, err
	}
	if len(next.files) == 0 && len(next.directories) == 0 {
		return nil, nil
	}
	return next, nil
}

func (m *merger) linksOut(dir *node, where string, want, next *wanted) error {
	for name, child := range dir.children {
		at := joined(where, name)
		if child.folder != nil {
			if err := m.linksOut(child, at, want, next); err != nil {
				return err
			}
			continue
		}
		special := name == condaMeta || name == condarcFolder
		if !child.isLink() || !special && want.ofFile(at) == nothing {
			continue
		}
		n, found, err := m.tree.resolve(at)
		switch {
		case err != nil: // the link is of no use to anybody
		case special && n != nil && n.folder != nil:
			if path.Base(found) != name {
				next.directories[found] = name
			}
		case n == nil || n.mode.Type() == fs.FileMode(0) && n.folder == nil && !n.kept && want.ofFile(found) != content:
			next.files[found] = true
		}
	}
	return nil
}
