package condarc

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// flag is a mark that a comment such as "#!final" puts on a parameter or on one of its parts. It changes how the
// values of several files are merged.
type flag uint8

const (
	none   flag = iota
	final       // Files of higher precedence do not count.
	top         // The list item comes before all others.
	bottom      // The list item comes after all others.
)

// flagOf reads the text of a comment.
func flagOf(comment string) flag {
	switch strings.Trim(comment, "!#") {
	case "final":
		return final
	case "top":
		return top
	case "bottom":
		return bottom
	}
	return none
}

// place says where a value stands: behind which key, and whether inside of brackets, where comments flag nothing.
type place struct {
	key    *yaml.Node
	inFlow bool
}

// comments finds the comments behind values in the text of a file. conda's parser hangs a comment, together with the
// comment lines that follow without anything between, on the value before it; only a comment that is alone there can be
// a flag. The YAML library attaches comments by other rules, so they are looked up in the text.
type comments struct {
	lines []string
}

func newComments(text string) comments {
	return comments{lines: strings.Split(text, "\n")}
}

// position is a place in the text: a line, counted from 0, and a byte in it.
type position struct{ line, byte int }

// afterScalar gives the flag of a scalar or of an alias. A value that is not written down has its comment behind the key.
func (c comments) afterScalar(n *yaml.Node, at place) flag {
	if at.inFlow {
		return none
	}
	if n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0 {
		return c.afterKey(at.key)
	}
	if at.key != nil && at.key.Line < n.Line {
		if f := c.afterKey(at.key); f != none {
			return f
		}
	}
	start, ok := c.start(n)
	if !ok {
		return none
	}
	end, ok := c.skipNode(n, start)
	if !ok {
		return none
	}
	return flagOf(c.run(end, false))
}

// ofCollection gives the flag of a list or mapping: behind its key, or behind its closing bracket.
func (c comments) ofCollection(n *yaml.Node, at place) flag {
	if at.inFlow || at.key == nil {
		return none
	}
	if n.Style&yaml.FlowStyle == 0 {
		return c.afterKey(at.key)
	}
	start, ok := c.start(n)
	if !ok {
		return none
	}
	end, ok := c.skipBrackets(start)
	if !ok {
		return none
	}
	return flagOf(c.run(end, true))
}

// afterKey gives the flag in the line of a key, behind its colon.
func (c comments) afterKey(key *yaml.Node) flag {
	if key == nil {
		return none
	}
	start, ok := c.start(key)
	if !ok {
		return none
	}
	end, ok := c.skipNode(key, start)
	if !ok {
		return none
	}
	rest, found := strings.CutPrefix(strings.TrimLeft(c.lines[end.line][end.byte:], " \t"), ":")
	if !found {
		return none
	}
	end.byte = len(c.lines[end.line]) - len(skipProperties(rest))
	return flagOf(c.run(end, true))
}

// start gives the position of a node, behind its anchor and its tag.
func (c comments) start(n *yaml.Node) (position, bool) {
	p := position{line: n.Line - 1}
	if p.line < 0 || p.line >= len(c.lines) {
		return position{}, false
	}
	column := 1
	for i := range c.lines[p.line] {
		if column == n.Column {
			p.byte = i
			break
		}
		column++
	}
	if column != n.Column {
		return position{}, false
	}
	line := c.lines[p.line]
	p.byte = len(line) - len(skipProperties(line[p.byte:]))
	return p, true
}

// skipProperties drops anchors and tags, and the blanks around them, from the beginning of a line.
func skipProperties(line string) string {
	for {
		line = strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(line, "&") && !strings.HasPrefix(line, "!") {
			return line
		}
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			return ""
		}
		line = line[i:]
	}
}

// skipNode gives the position behind a scalar or an alias. It does not try for block scalars.
func (c comments) skipNode(n *yaml.Node, p position) (position, bool) {
	switch {
	case n.Kind == yaml.AliasNode:
		p.byte += len("*") + len(n.Value)
		return p, p.byte <= len(c.lines[p.line])
	case n.Kind != yaml.ScalarNode:
		return position{}, false
	case n.Style&yaml.SingleQuotedStyle != 0, n.Style&yaml.DoubleQuotedStyle != 0:
		return c.skipQuoted(p)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return position{}, false
	}
	return c.skipPlain(p, n.Value)
}

// skipPlain gives the position behind an unquoted scalar, which may be folded from several lines.
func (c comments) skipPlain(p position, want string) (position, bool) {
	line := c.lines[p.line][p.byte:]
	if strings.HasPrefix(line, want) {
		p.byte += len(want)
		return p, true
	}
	got := strings.TrimRight(line, " \t")
	for next := p.line + 1; next < len(c.lines) && len(got) < len(want); next++ {
		text := c.lines[next]
		indent := len(text) - len(strings.TrimLeft(text, " \t"))
		rest := want[min(len(got)+1, len(want)):]
		if strings.HasPrefix(text[indent:], rest) {
			return position{next, indent + len(rest)}, true
		}
		got += " " + strings.Trim(text, " \t")
		if !strings.HasPrefix(want, got) {
			break
		}
	}
	return position{}, false
}

// skipQuoted gives the position behind a quoted scalar that begins at p.
func (c comments) skipQuoted(p position) (position, bool) {
	if p.byte >= len(c.lines[p.line]) {
		return position{}, false
	}
	quote := c.lines[p.line][p.byte]
	for p.byte++; p.line < len(c.lines); p = (position{line: p.line + 1}) {
		line := c.lines[p.line]
		for ; p.byte < len(line); p.byte++ {
			switch {
			case quote == '"' && line[p.byte] == '\\':
				p.byte++
			case line[p.byte] != quote:
			case quote == '\'' && p.byte+1 < len(line) && line[p.byte+1] == quote:
				p.byte++
			default:
				return position{p.line, p.byte + 1}, true
			}
		}
	}
	return position{}, false
}

// skipBrackets gives the position behind the bracket that closes the one at p.
func (c comments) skipBrackets(p position) (position, bool) {
	depth := 0
	for ; p.line < len(c.lines); p = (position{line: p.line + 1}) {
		line := c.lines[p.line]
		for p.byte < len(line) && !commentAt(line, p.byte) {
			switch line[p.byte] {
			case '"', '\'':
				end, ok := c.skipQuoted(p)
				if !ok {
					return position{}, false
				}
				p, line = end, c.lines[end.line]
				continue
			case '[', '{':
				depth++
			case ']', '}':
				if depth--; depth == 0 {
					return position{p.line, p.byte + 1}, true
				}
			}
			p.byte++
		}
	}
	return position{}, false
}

// commentAt tells whether a comment begins at a byte of a line.
func commentAt(line string, i int) bool {
	return line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t')
}

// run gives the comment behind a position with the comment lines that follow it, without the blanks around it. With
// sameLine set it must begin in the line of the position.
func (c comments) run(p position, sameLine bool) string {
	line := strings.TrimLeft(c.lines[p.line][p.byte:], " \t")
	if line != "" && !strings.HasPrefix(line, "#") || line == "" && sameLine {
		return ""
	}
	parts := []string{line}
	for _, next := range c.lines[p.line+1:] {
		next = strings.TrimLeft(next, " \t")
		if next != "" && !strings.HasPrefix(next, "#") {
			break
		}
		parts = append(parts, next)
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}
