package catalog

import (
	"cmp"
	"slices"
	"strings"

	"kernelindexer/manifests"
)

// SuggestPackages returns at most limit names of packages for what somebody has
// typed so far: those that begin with it, then those that have it elsewhere,
// both folded, so that an R package is found by its name in conda and the other
// way round. Of each kind the name itself is first, then what more kernels
// have. Nothing typed suggests what most kernels have.
func (c *Catalog) SuggestPackages(typed string, limit int) []string {
	typed = fold(typed)
	var names []nearName
	for _, k := range c.folded {
		if d, ok := completes(c.text.at(k.key), typed); ok {
			names = append(names, nearName{k.name, d, c.names[k.name].rows()})
		}
	}
	slices.SortFunc(names, func(a, b nearName) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.rows, a.rows), cmp.Compare(a.name, b.name))
	})
	return c.take(names, limit)
}

// completes says how well a folded name goes on with what was typed: 0 if it is
// that, 1 if it begins so, 2 if it has it elsewhere.
func completes(name, typed string) (quality int, ok bool) {
	switch at := strings.Index(name, typed); {
	case at < 0:
		return 0, false
	case at > 0:
		return 2, true
	case len(name) == len(typed):
		return 0, true
	default:
		return 1, true
	}
}

// SuggestKernels returns at most limit kernels for what somebody has typed of
// language/name/version, of name/version, or of a name, folded as for
// [Catalog.SuggestPackages]. Kernels that begin with it at one of these places
// come before those that have it elsewhere; of each kind they are in the order
// of an answer.
func (c *Catalog) SuggestKernels(typed string, limit int) []manifests.KernelKey {
	parts := strings.Split(typed, "/")
	for i, part := range parts {
		parts[i] = fold(part)
	}
	typed = strings.Join(parts, "/")
	var begin, contain []manifests.KernelKey
	for _, number := range c.ranked {
		key := c.key(number)
		language := fold(key.Language)
		path := language + "/" + fold(key.Name) + "/" + fold(key.Version)
		switch {
		case strings.HasPrefix(path, typed) || strings.HasPrefix(path[len(language)+1:], typed):
			begin = append(begin, key)
		case strings.Contains(path, typed):
			contain = append(contain, key)
		}
	}
	list := append(append([]manifests.KernelKey{}, begin...), contain...)
	return list[:min(max(limit, 0), len(list))]
}
