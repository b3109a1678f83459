package catalog

import (
	"cmp"
	"slices"

	"kernelindexer/manifests"
)

// NearestPackages returns at most limit names of packages that somebody who
// wrote name may have meant: those that differ from it, folded, by one slip, or
// by two in names of six characters and more. A slip is a character too much,
// too few, wrong, or two in the wrong order. The nearest is first, of equally
// near ones that which more kernels have.
func (c *Catalog) NearestPackages(name string, limit int) []string {
	var near []nearName
	t := newTypist(name)
	for _, k := range c.folded {
		if d, ok := t.distance(c.text.at(k.key)); ok {
			near = append(near, nearName{k.name, d, c.names[k.name].rows()})
		}
	}
	slices.SortFunc(near, func(a, b nearName) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.rows, a.rows), cmp.Compare(a.name, b.name))
	})
	return c.take(near, limit)
}

// nearName is a name, how near it is, and how many rows it has.
type nearName struct {
	name     uint32
	distance int
	rows     uint32
}

func (p *pack) rows() uint32 { return p.end - p.start }

// take returns the names, each once.
func (c *Catalog) take(names []nearName, limit int) []string {
	list := []string{}
	seen := map[uint32]bool{}
	for _, n := range names {
		if len(list) >= limit {
			break
		}
		if !seen[n.name] {
			seen[n.name] = true
			list = append(list, c.text.at(c.names[n.name].name))
		}
	}
	return list
}

// NearestKernels returns at most limit kernels that somebody who wrote key may
// have meant: first those whose name differs least, by no more than as in
// [Catalog.NearestPackages], then those of the same language, then those whose
// version differs least.
func (c *Catalog) NearestKernels(key manifests.KernelKey, limit int) []manifests.KernelKey {
	type near struct {
		key      manifests.KernelKey
		distance [3]int
	}
	var list []near
	language, name, version := fold(key.Language), newTypist(key.Name), newTypist(key.Version)
	for _, number := range c.ranked {
		k := c.key(number)
		d, ok := name.distance(fold(k.Name))
		if !ok {
			continue
		}
		n := near{key: k, distance: [3]int{d, 1, maxTypoBytes}}
		if fold(k.Language) == language {
			n.distance[1] = 0
		}
		if d, ok := version.distance(fold(k.Version)); ok {
			n.distance[2] = d
		}
		list = append(list, n)
	}
	slices.SortStableFunc(list, func(a, b near) int { return slices.Compare(a.distance[:], b.distance[:]) })
	keys := []manifests.KernelKey{}
	for _, n := range list[:min(max(limit, 0), len(list))] {
		keys = append(keys, n.key)
	}
	return keys
}
