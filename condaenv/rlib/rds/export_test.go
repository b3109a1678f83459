package rds

import (
	"cmp"
	"slices"
)

// Names returns the name of every element, "" for none.
func (v *Value) Names() []string {
	list := make([]string, v.len)
	for i := range v.names().len() {
		list[i], _ = v.names().at(i)
	}
	return list
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
