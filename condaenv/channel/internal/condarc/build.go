package condarc

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Limits of one file. conda's own are those of its Python (some hundred levels) and of the memory.
const (
	maxNodes = 200_000
	maxDepth = 200
)

// shape tells the three forms of a value apart.
type shape uint8

const (
	isScalar shape = iota
	isList
	isMap
)

// value is one value of a configuration file.
type value struct {
	shape   shape
	scalar  Scalar
	items   []value
	entries []entry
	flag    flag
	line    int
}

// entry is one key of a mapping with its value. The key of a mapping that is itself a list or mapping is of kind Other.
type entry struct {
	key   Scalar
	value value
}

// builder turns the nodes of the YAML library into values.
type builder struct {
	comments comments
	budget   int
	depth    int
	open     []*yaml.Node // Nodes that are being built, to notice one that contains itself.
}

// document builds the top level of a file, which must be a mapping unless it is empty.
func (b *builder) document(root *yaml.Node) ([]entry, error) {
	v, err := b.build(root, place{})
	if err != nil {
		return nil, err
	}
	switch {
	case v.shape == isMap:
		return b.ownEntries(root, v.entries), nil
	case v.shape == isList && len(v.items) == 0:
		return nil, nil
	case v.shape == isScalar && falsy(v.scalar):
		return nil, nil
	}
	return nil, fmt.Errorf("line %d: not a mapping of parameters", v.line)
}

// ownEntries drops what the top-level mapping takes over from others by "<<": conda does not see those parameters.
func (b *builder) ownEntries(root *yaml.Node, entries []entry) []entry {
	own := 0
	for i := 0; i+1 < len(root.Content); i += 2 {
		if !isMergeKey(root.Content[i]) {
			own++
		}
	}
	return entries[:min(own, len(entries))]
}

// falsy tells whether Python takes the scalar for false.
func falsy(s Scalar) bool {
	switch s.Kind {
	case Null:
		return true
	case Bool:
		return s.Text == "False"
	case Int, Float:
		return s.identity() == Scalar{Int, "0"}.identity() || s.Text == "-0.0"
	case Text:
		return s.Text == ""
	default: // Dates and the like.
		return false
	}
}

// build makes a value of a node. The place says where a comment that flags the value would stand.
func (b *builder) build(n *yaml.Node, at place) (value, error) {
	if b.budget--; b.budget < 0 {
		return value{}, errors.New("too many values")
	}
	if b.depth++; b.depth > maxDepth {
		return value{}, fmt.Errorf("line %d: nested too deeply", n.Line)
	}
	defer func() { b.depth-- }()
	if n.Kind == yaml.AliasNode {
		return b.alias(n, at)
	}
	b.open = append(b.open, n)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	switch n.Kind {
	case yaml.SequenceNode:
		return b.list(n, at)
	case yaml.MappingNode:
		return b.mapping(n, at)
	default: // A scalar: documents are taken apart before, aliases are above.
		return b.scalar(n, at)
	}
}

func (b *builder) scalar(n *yaml.Node, at place) (value, error) {
	s, err := scalarOf(n)
	if err != nil {
		return value{}, fmt.Errorf("line %d: %w", n.Line, err)
	}
	return value{scalar: s, flag: b.comments.afterScalar(n, at), line: n.Line}, nil
}

// alias builds the value an alias stands for. One that stands for a value it is part of gives null.
func (b *builder) alias(n *yaml.Node, at place) (value, error) {
	for _, o := range b.open {
		if o == n.Alias {
			return value{scalar: Scalar{Null, "None"}, line: n.Line}, nil
		}
	}
	v, err := b.build(n.Alias, place{inFlow: true})
	v.line, v.flag = n.Line, none
	if v.shape == isScalar {
		v.flag = b.comments.afterScalar(n, at)
	}
	return v, err
}

// scalarOf gives the typed scalar of a node.
func scalarOf(n *yaml.Node) (Scalar, error) {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return taggedScalar(n.ShortTag(), n.Value)
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return Scalar{Text, n.Value}, nil
	}
	return plainScalar(n.Value)
}

// list builds a sequence. One that is tagged !!omap becomes the mapping it describes.
func (b *builder) list(n *yaml.Node, at place) (value, error) {
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.ShortTag()
	}
	if isCoreTag(tag) && tag != "!!seq" && tag != "!!omap" {
		return value{}, fmt.Errorf("line %d: %w: a list tagged %s", n.Line, errType, tag)
	}
	flow := at.inFlow || n.Style&yaml.FlowStyle != 0
	v := value{shape: isList, flag: b.comments.ofCollection(n, at), line: n.Line}
	for _, child := range n.Content {
		item, err := b.build(child, place{inFlow: flow})
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
	}
	if tag == "!!omap" {
		return orderedMap(v)
	}
	return v, nil
}

// orderedMap turns a list of mappings of one key each into a mapping.
func orderedMap(list value) (value, error) {
	v := value{shape: isMap, flag: list.flag, line: list.line}
	for _, item := range list.items {
		if item.shape != isMap || len(item.entries) != 1 {
			return value{}, fmt.Errorf("line %d: an !!omap of something else than single keys", item.line)
		}
		v.entries = append(v.entries, item.entries[0])
	}
	return v, noRepeatedKey(v.entries)
}

// mapping builds a mapping: its own keys in order, then the keys it takes over by "<<".
func (b *builder) mapping(n *yaml.Node, at place) (value, error) {
	if tag := n.ShortTag(); n.Style&yaml.TaggedStyle != 0 && isCoreTag(tag) && tag != "!!map" {
		return value{}, fmt.Errorf("line %d: %w: a mapping tagged %s", n.Line, errType, tag)
	}
	flow := at.inFlow || n.Style&yaml.FlowStyle != 0
	v := value{shape: isMap, flag: b.comments.ofCollection(n, at), line: n.Line}
	var merged *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, valueNode := n.Content[i], n.Content[i+1]
		if isMergeKey(keyNode) {
			if merged != nil {
				return value{}, fmt.Errorf("line %d: the key << is repeated", keyNode.Line)
			}
			merged = valueNode
			continue
		}
		key, err := b.key(keyNode)
		if err != nil {
			return value{}, err
		}
		child, err := b.build(valueNode, place{key: keyNode, inFlow: flow})
		if err != nil {
			return value{}, err
		}
		v.entries = append(v.entries, entry{key, child})
	}
	if err := noRepeatedKey(v.entries); err != nil {
		return value{}, err
	}
	return b.merge(v, merged)
}

// key builds the key of a mapping. One that is no scalar, or a scalar of another type, can only be told from others.
func (b *builder) key(n *yaml.Node) (Scalar, error) {
	target := n
	if n.Kind == yaml.AliasNode {
		target = n.Alias
	}
	if target.Kind == yaml.ScalarNode {
		s, err := scalarOf(target)
		if errors.Is(err, errType) {
			err = nil
		}
		if err != nil {
			return Scalar{}, fmt.Errorf("line %d: %w", n.Line, err)
		}
		return s, nil
	}
	if _, err := b.build(n, place{inFlow: true}); err != nil && !errors.Is(err, errType) {
		return Scalar{}, err
	}
	return Scalar{Other, fmt.Sprintf("at line %d, column %d", n.Line, n.Column)}, nil
}

// merge adds the keys a mapping takes over from a mapping or a list of mappings, where the first one that has a key
// gives its value.
func (b *builder) merge(v value, merged *yaml.Node) (value, error) {
	if merged == nil {
		return v, nil
	}
	source, err := b.build(merged, place{inFlow: true})
	if err != nil {
		return value{}, err
	}
	sources := []value{source}
	if source.shape == isList {
		sources = source.items
	}
	known := make(map[string]bool)
	for _, e := range v.entries {
		known[e.key.identity()] = true
	}
	for _, s := range sources {
		if s.shape != isMap {
			return value{}, fmt.Errorf("line %d: << of something else than mappings", merged.Line)
		}
		for _, e := range s.entries {
			if id := e.key.identity(); !known[id] {
				known[id] = true
				e.value.flag = none
				v.entries = append(v.entries, e)
			}
		}
	}
	return v, nil
}

// noRepeatedKey fails if two keys of a mapping are the same.
func noRepeatedKey(entries []entry) error {
	known := make(map[string]bool, len(entries))
	for _, e := range entries {
		id := e.key.identity()
		if known[id] {
			return fmt.Errorf("line %d: the key %q is repeated", e.value.line, e.key.Text)
		}
		known[id] = true
	}
	return nil
}

// isMergeKey tells whether the node is the unquoted key "<<".
func isMergeKey(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge"
}

// isCoreTag tells whether the tag is one of YAML's own, which decide the type of a value.
func isCoreTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!seq", "!!map", "!!set", "!!omap", "!!pairs":
		return true
	}
	return false
}
