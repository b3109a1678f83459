package condarc

import (
	"fmt"
	"strings"
)

// Param is a parameter: its own name, under which conda knows it, then the aliases it may be set by. A file may set it
// by one of the names only.
type Param []string

// Pair is a key of a mapping with its value as text.
type Pair struct {
	Key   Scalar
	Value string
}

// Group is a key of a mapping with its list of texts.
type Group struct {
	Key    Scalar
	Values []string
}

// match is the value one file gives to a parameter.
type match struct {
	path string
	name string
	value
}

// fail reports a value of the wrong type.
func (m match) fail(line int, format string, args ...any) error {
	return &Error{File: m.path, Line: line, Setting: m.name, Reason: fmt.Sprintf(format, args...)}
}

// matches gives the values of a parameter, lowest precedence first. With skipNull set, files that set it to null
// do not count.
func (c *Config) matches(p Param, skipNull bool) ([]match, error) {
	if c == nil {
		return nil, nil
	}
	var found []match
	for _, f := range c.files {
		var inFile []match
		for _, e := range f.entries {
			if e.key.Kind != Text {
				continue
			}
			for _, name := range p {
				if e.key.Text == name {
					inFile = append(inFile, match{f.path, name, e.value})
				}
			}
		}
		if len(inFile) > 1 {
			return nil, inFile[1].fail(inFile[1].line, "set by several names: %s", strings.Join(p, ", "))
		}
		if len(inFile) == 1 && (!skipNull || !inFile[0].isNull()) {
			found = append(found, inFile[0])
		}
	}
	return found, nil
}

func (v value) isNull() bool { return v.shape == isScalar && v.scalar.Kind == Null }

// Scalar gives a parameter of one value and tells whether a file sets it. A list or mapping is an error.
func (c *Config) Scalar(p Param) (Scalar, bool, error) {
	found, err := c.matches(p, false)
	if err != nil || len(found) == 0 {
		return Scalar{}, false, err
	}
	chosen := found[len(found)-1]
	for _, m := range found {
		if m.flag == final {
			chosen = m
			break
		}
	}
	if chosen.shape != isScalar {
		return Scalar{}, false, chosen.fail(chosen.line, "not a single value")
	}
	return chosen.scalar, true, nil
}

// List gives a parameter that is a list of texts and tells whether a file sets it. The items of all files count, those
// of higher precedence first; the flags final, top and bottom are obeyed.
func (c *Config) List(p Param) ([]string, bool, error) {
	found, err := c.matches(p, true)
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	for _, m := range found {
		if !m.isListLike() {
			return nil, false, m.fail(m.line, "not a list")
		}
	}
	items, err := mergeLists(found)
	return items, err == nil, err
}

// isListLike tells whether conda takes the value for a list: an empty mapping is an empty list to it.
func (v value) isListLike() bool {
	return v.shape == isList || v.shape == isMap && len(v.entries) == 0
}

// Map gives a parameter that is a mapping to texts and tells whether a file sets it. For a key that several files have
// the one of the highest precedence counts, unless another is flagged final.
func (c *Config) Map(p Param) ([]Pair, bool, error) {
	groups, set, err := c.groups(p, func(match, entry) error { return nil })
	if err != nil || !set {
		return nil, false, err
	}
	pairs := make([]Pair, 0, len(groups))
	for _, g := range groups {
		chosen := g[len(g)-1]
		if i := firstFinal(g); i >= 0 {
			chosen = g[i]
		}
		if chosen.shape != isScalar {
			return nil, false, chosen.fail(chosen.line, "the value of %q is not a single value", chosen.key.Text)
		}
		pairs = append(pairs, Pair{chosen.key, chosen.scalar.Text})
	}
	return pairs, true, nil
}

// Groups gives a parameter that is a mapping to lists of texts and tells whether a file sets it. The lists that several
// files give to a key are merged like a parameter that is a list.
func (c *Config) Groups(p Param) ([]Group, bool, error) {
	groups, set, err := c.groups(p, func(m match, e entry) error {
		if e.value.isListLike() || e.value.isNull() {
			return nil
		}
		return m.fail(e.value.line, "the value of %q is not a list", e.key.Text)
	})
	if err != nil || !set {
		return nil, false, err
	}
	result := make([]Group, 0, len(groups))
	for _, g := range groups {
		merged := make([]match, 0, len(g))
		for _, m := range g {
			merged = append(merged, m.match)
		}
		items, err := mergeLists(merged)
		if i := firstFinal(g); err == nil && i >= 0 {
			items, err = texts(g[i].match, g[i].items)
		}
		if err != nil {
			return nil, false, err
		}
		result = append(result, Group{g[0].key, items})
	}
	return result, true, nil
}

// keyed is the value one file gives to one key of a parameter.
type keyed struct {
	key Scalar
	match
}

// firstFinal gives the index of the first value flagged final, or -1.
func firstFinal(values []keyed) int {
	for i, v := range values {
		if v.flag == final {
			return i
		}
	}
	return -1
}

// groups collects the values of each key of a parameter that is a mapping: keys in the order in which they first
// appear, values lowest precedence first. All entries must pass the check, even those of files that do not count.
func (c *Config) groups(p Param, check func(match, entry) error) ([][]keyed, bool, error) {
	found, err := c.matches(p, true)
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	for _, m := range found {
		if m.shape != isMap {
			return nil, false, m.fail(m.line, "not a mapping")
		}
		for _, e := range m.entries {
			if err := check(m, e); err != nil {
				return nil, false, err
			}
		}
	}
	var groups [][]keyed
	index := make(map[string]int)
	for _, m := range upToFinal(found) {
		for _, e := range m.entries {
			k := keyed{e.key, match{m.path, m.name, e.value}}
			id := e.key.identity()
			if i, known := index[id]; known {
				groups[i] = append(groups[i], k)
				continue
			}
			index[id] = len(groups)
			groups = append(groups, []keyed{k})
		}
	}
	return groups, true, nil
}

// Sets tells whether any file sets the parameter, to whatever value.
func (c *Config) Sets(p Param) bool {
	found, err := c.matches(p, false)
	return err != nil || len(found) > 0
}

// Fault makes an error about the value of a parameter, in the file of the highest precedence that sets it.
func (c *Config) Fault(p Param, reason string) error {
	found, _ := c.matches(p, true)
	if len(found) == 0 {
		return &Error{Setting: p[len(p)-1], Reason: reason}
	}
	last := found[len(found)-1]
	return last.fail(last.line, "%s", reason)
}
