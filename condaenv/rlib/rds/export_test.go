package rds

import (
	"cmp"
	"slices"
)

// Names returns the name of every element, "" for none.
func (v *Value) Names() []string {
	names := make([]string, v.len)
	for i := range names {
		names[i], _ = v.name(i)
	}
	return names
}

// AttrNames returns the names of the attributes, sorted.
func (v *Value) AttrNames() []string {
	if v.attrs == nil {
		return nil
	}
	list, _ := v.attrs.data.(cells)
	var names []string
	for _, c := range list.list {
		names = append(names, c.tag)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}
