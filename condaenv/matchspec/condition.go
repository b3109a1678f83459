package matchspec

import (
	"regexp"
	"strings"
)

// VersionSpec is a compiled version condition such as ">=1.2,<2.0a0|3.*". It is made by [ParseVersionSpec], safe to
// share between goroutines, and its zero value matches every version.
type VersionSpec struct {
	root condition
}

// operator says how a condition tests a version.
type operator uint8

const (
	opAny        operator = iota // *
	opEqual                      // V, ==V
	opNotEqual                   // !=V
	opLess                       // <V
	opLessEqual                  // <=V
	opMore                       // >V
	opMoreEqual                  // >=V
	opPrefix                     // =V, V.*, V*
	opNotPrefix                  // !=V.*
	opCompatible                 // ~=V
	opText                       // A text with "@": equal by letter.
	opGlob                       // Text with an asterisk inside.
	opRegexp                     // ^…$
	opAll                        // a,b
	opEither                     // a|b
	opUnread                     // A condition whose text has not been read yet.
)

// condition is a node of a compiled version condition. opText, opGlob and opRegexp look at the text of
// the version, the others at its place in the order.
type condition struct {
	op       operator
	text     string // As conda writes it back; empty for opAll and opEither.
	operand  Version
	regexp   *regexp.Regexp
	operands []condition // For opAll and opEither.
}

// ParseVersionSpec reads a version condition as conda's VersionSpec does. An error is a [*ParseError].
//
// Alternatives are joined by "|", conditions that hold together by ",", which binds stronger; parentheses group. A
// regular expression from "^" to "$" is one condition, whatever it contains.
//
// A condition is an operator (== != < <= > >= = ~=) directly followed by a version, or a version. "=V", "V.*" and
// "V*" ask for versions that begin with V, component by component, "!=V.*" for all others; with the other operators
// ".*" is dropped, except that "~=V.*" is an error. "*" is any version; an asterisk inside makes the text a pattern. A
// bare V asks for equality, of order ("1.0" equals "1") and not of text. "~=V" asks for V or
// higher, among the versions that begin with what stands before V's last dot.
func ParseVersionSpec(text string) (VersionSpec, error) {
	root, err := parseExpression(text)
	if err != nil {
		return VersionSpec{}, err.within(kindCondition, text)
	}
	return VersionSpec{root: root}, nil
}

// parseCondition reads one condition without "," "|" and parentheses (but for regular expressions).
func parseCondition(text string) (condition, *ParseError) {
	text = strip(text)
	if text == "" {
		return condition{}, faultAt(kindCondition, text, "", 0, "empty version condition")
	}
	first, last := text[0], text[len(text)-1]
	switch {
	case first == '^' || last == '$':
		if first != '^' || last != '$' {
			return condition{}, fault(kindCondition, text, text, "regex specs must start with '^' and end with '$'")
		}
		return patternCondition(text, text)
	case isOperatorByte(first):
		return parseRelation(text)
	case text == "*":
		return condition{op: opAny, text: text}, nil
	case strings.IndexByte(strings.TrimRight(text, "*"), '*') >= 0:
		return globCondition(text)
	case last == '*':
		return parseStarred(text)
	case strings.IndexByte(text, '@') < 0:
		return relation(opEqual, text, text)
	default:
		return condition{op: opText, text: text}, nil
	}
}

func isOperatorByte(c byte) bool {
	return c == '=' || c == '<' || c == '>' || c == '!' || c == '~'
}

const reasonOperator = "invalid operator"

// parseRelation reads an operator and its version.
func parseRelation(text string) (condition, *ParseError) {
	op, version := cutOperator(text)
	if op == opAny || version == "" || isOperatorByte(version[0]) || strings.ContainsFunc(version, isSpace) {
		return condition{}, fault(kindCondition, text, text, reasonOperator)
	}
	if plain, starred := strings.CutSuffix(version, ".*"); starred {
		if op == opCompatible {
			return condition{}, fault(kindCondition, text, text, "invalid operator with '.*'")
		}
		if op == opNotEqual {
			op = opNotPrefix
		}
		version = plain
	}
	return relation(op, text, version)
}

// cutOperator returns opAny if text begins with no operator conda knows.
func cutOperator(text string) (operator, string) {
	if len(text) > 1 && text[1] == '=' {
		switch text[0] {
		case '=':
			return opEqual, text[2:]
		case '!':
			return opNotEqual, text[2:]
		case '<':
			return opLessEqual, text[2:]
		case '>':
			return opMoreEqual, text[2:]
		default: // ~
			return opCompatible, text[2:]
		}
	}
	switch text[0] {
	case '=':
		return opPrefix, text[1:]
	case '<':
		return opLess, text[1:]
	case '>':
		return opMore, text[1:]
	default: // A lone ! or ~ is none.
		return opAny, text
	}
}

// parseStarred reads a version with asterisks at its end only: a prefix, which conda writes back as "V.*".
func parseStarred(text string) (condition, *ParseError) {
	if !strings.HasSuffix(text, ".*") {
		text = text[:len(text)-1] + ".*"
	}
	return relation(opPrefix, text, strings.TrimRight(strings.TrimRight(text, "*"), "."))
}

func relation(op operator, text, version string) (condition, *ParseError) {
	operand, err := parseVersion(version)
	if err != nil {
		return condition{}, err.within(kindCondition, text)
	}
	return condition{op: op, text: text, operand: operand}, nil
}

// globCondition reads a text with an asterisk before its end. conda makes a regular expression of it in which only "."
// and "+" are taken by letter; the other special characters keep their meaning there, so they do here.
func globCondition(text string) (condition, *ParseError) {
	if !strings.ContainsAny(text, "?[]{}()|\\^$\n") {
		return condition{op: opGlob, text: text}, nil
	}
	expr := strings.NewReplacer(".", `\.`, "+", `\+`, "*", ".*").Replace(text)
	return patternCondition(text, "^(?:"+expr+")$")
}

func patternCondition(text, expr string) (condition, *ParseError) {
	re, err := compileRegexp(expr)
	if err != nil {
		return condition{}, fault(kindCondition, text, text, err.Error())
	}
	return condition{op: opRegexp, text: text, regexp: re}, nil
}

// String returns the condition as conda writes it back in the canonical form of a spec: blanks and parentheses gone,
// also those that mattered, "V*" written "V.*".
func (s VersionSpec) String() string {
	switch {
	case s.root.operands == nil && s.root.text == "":
		return "*"
	case s.root.operands == nil:
		return s.root.text
	}
	var b strings.Builder
	s.root.write(&b)
	return b.String()
}

func (c *condition) write(b *strings.Builder) {
	b.WriteString(c.text)
	separator := byte(',')
	if c.op == opEither {
		separator = '|'
	}
	for i := range c.operands {
		if i > 0 {
			b.WriteByte(separator)
		}
		c.operands[i].write(b)
	}
}
