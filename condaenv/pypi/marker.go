package pypi

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxFrames is how deep conda's evaluation may nest before Python stops it at
// its default limit of 1,000, of which the way into conda has taken some.
// Measured with `conda list` on Python 3.11.
const maxFrames = 982

var (
	errTooDeep   = errors.New("nested too deeply")
	errMarkerEnd = errors.New("ends where a variable or a text should be")
)

// variables are the names a marker may use: those of PEP 508, and the dotted
// ones of PEP 345.
var variables = map[string]bool{
	"extra": true, "implementation_name": true, "implementation_version": true,
	"os_name": true, "platform_machine": true, "platform_python_implementation": true,
	"platform_release": true, "platform_system": true, "platform_version": true,
	"python_full_version": true, "python_version": true, "sys_platform": true,

	"os.name": true, "platform.machine": true, "platform.python_implementation": true,
	"platform.version": true, "sys.platform": true,
}

// operand is what is known of a part of a marker without its value: conda
// evaluates all parts whatever the others say, so values do not matter.
type operand struct {
	literal bool // a text in quotes, or such a text in parentheses
	truth   bool // the result of a comparison
	frames  int  // what Python's stack needs for it
}

// markerParser reads a marker and checks what evaluating it would say. Its
// grammar is the one of conda, an old relative of the one of PEP 508:
//
//	marker     = conjunction { "or" conjunction }
//	conjunction = expression { "and" expression }
//	expression = "(" marker ")" | value { operator value }
//
// So comparisons chain to the left, and nothing in parentheses is compared.
type markerParser struct {
	rest   string
	frames int // of Python's stack, at the function being parsed
}

// checkMarker returns nil if conda can parse and evaluate a marker, which is
// not empty. A comment may follow it.
func checkMarker(marker string) error {
	p := markerParser{rest: marker, frames: 1}
	top, err := p.marker()
	if err != nil {
		return err
	}
	if p.rest != "" && p.rest[0] != '#' {
		return fmt.Errorf("text behind its end: %s", quote(p.rest))
	}
	if top.frames > maxFrames {
		return errTooDeep
	}
	return nil
}

func (p *markerParser) marker() (operand, error) {
	return p.joined("or", p.conjunction)
}

func (p *markerParser) conjunction() (operand, error) {
	return p.joined("and", p.expression)
}

// joined reads one or more parts with a word between them.
func (p *markerParser) joined(word string, part func() (operand, error)) (operand, error) {
	p.frames++
	defer func() { p.frames-- }()
	left, err := part()
	for err == nil && p.skipWord(word) {
		var right operand
		if right, err = part(); err != nil {
			break
		}
		if left.literal && right.literal {
			return operand{}, fmt.Errorf("two texts joined by %q", word)
		}
		left = operand{frames: 1 + max(left.frames, right.frames)}
	}
	return left, err
}

func (p *markerParser) expression() (operand, error) {
	p.frames++
	defer func() { p.frames-- }()
	if strings.HasPrefix(p.rest, "(") {
		return p.parenthesis()
	}
	left, err := p.value()
	for err == nil {
		op := p.skipOperator()
		if op == "" {
			break
		}
		var right operand
		if right, err = p.value(); err != nil {
			break
		}
		left, err = compare(left, op, right)
	}
	return left, err
}

func (p *markerParser) parenthesis() (operand, error) {
	if p.frames > maxFrames {
		return operand{}, errTooDeep // Go's stack has an end, too
	}
	p.rest = lstrip(p.rest[1:])
	inner, err := p.marker()
	if err != nil {
		return operand{}, err
	}
	if !strings.HasPrefix(p.rest, ")") {
		return operand{}, fmt.Errorf("no ) before %s", quote(p.rest))
	}
	p.rest = lstrip(p.rest[1:])
	return inner, nil
}

// compare checks a comparison. Python compares a text with the outcome of an
// earlier comparison for equality only.
func compare(left operand, op string, right operand) (operand, error) {
	frames := 1 // for the operator
	switch op {
	case "==", "===", "!=":
		frames++
	case "<", "<=", ">", ">=", "~=":
		frames++
		fallthrough
	case "in", "not in":
		if left.truth {
			return operand{}, fmt.Errorf("%q applied to the outcome of a comparison", op)
		}
	default:
		return operand{}, fmt.Errorf("no such operator: %q", op)
	}
	if left.literal && right.literal {
		return operand{}, fmt.Errorf("two texts compared by %q", op)
	}
	return operand{truth: true, frames: 1 + max(left.frames, right.frames, frames)}, nil
}

// value reads a variable or a text in quotes, and the blanks behind it.
func (p *markerParser) value() (operand, error) {
	if p.frames++; p.frames > maxFrames {
		return operand{}, errTooDeep
	}
	defer func() { p.frames-- }()
	if name := p.skipRunes(isNameRune); name != "" {
		p.rest = lstrip(p.rest)
		if !variables[name] {
			return operand{}, fmt.Errorf("unknown variable %s", quote(name))
		}
		return operand{frames: 1}, nil
	}
	if p.rest == "" {
		return operand{}, errMarkerEnd
	}
	return p.text()
}

// text reads a text in quotes, and the blanks behind it. The other kind of
// quotes may stand in it.
func (p *markerParser) text() (operand, error) {
	q := p.rest[0]
	if q != '"' && q != '\'' {
		return operand{}, fmt.Errorf("no variable or text at %s", quote(p.rest))
	}
	p.rest = p.rest[1:]
	p.skipRunes(func(r rune) bool {
		return isTextRune(r) || (r == '"' || r == '\'') && r != rune(q)
	})
	switch {
	case p.rest == "":
		return operand{}, errors.New("a text without closing quote")
	case p.rest[0] != q:
		return operand{}, fmt.Errorf("a character that no text may have at %s", quote(p.rest))
	}
	p.rest = lstrip(p.rest[1:])
	return operand{literal: true, frames: 1}, nil
}

// skipRunes takes the leading characters for which ok is true.
func (p *markerParser) skipRunes(ok func(rune) bool) string {
	rest := strings.TrimLeftFunc(p.rest, ok)
	taken := p.rest[:len(p.rest)-len(rest)]
	p.rest = rest
	return taken
}

// skipWord takes a word if it is next and ends there.
func (p *markerParser) skipWord(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if next, _ := utf8.DecodeRuneInString(rest); !ok || rest != "" && isWord(next) {
		return false
	}
	p.rest = lstrip(rest)
	return true
}

// skipOperator takes an operator, or returns "". It need not end there:
// "os_name inside" reads as "os_name in side". "not in" comes back with the
// blanks it is written with.
func (p *markerParser) skipOperator() string {
	size := 0
	for _, op := range [...]string{"<=", "<", ">=", ">", "===", "==", "~=", "!=", "in"} {
		if strings.HasPrefix(p.rest, op) {
			size = len(op)
			break
		}
	}
	if after, ok := strings.CutPrefix(p.rest, "not"); ok {
		if in := lstrip(after); len(in) < len(after) && strings.HasPrefix(in, "in") {
			size = len(p.rest) - len(in) + len("in")
		}
	}
	op := p.rest[:size]
	p.rest = p.rest[size:]
	if op != "" {
		p.rest = lstrip(p.rest)
	}
	return op
}

func isNameRune(r rune) bool { return isWord(r) || r == '.' || r == '-' }

// isTextRune says which characters but quotes a text in quotes may have: no
// backslash, and no symbols beyond ASCII.
func isTextRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isWord(r) || isSpace(r) || strings.ContainsRune(".{}()*+#:;,/?!~`@$%^&=|<>[]-", r)
	}
	return isWord(r) || isSpace(r)
}
