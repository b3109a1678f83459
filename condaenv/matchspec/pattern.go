package matchspec

import (
	"regexp"
	"strings"
)

// pattern is a condition on a text field: an exact text, a glob with "*", or a regular expression from "^" to "$"
// (conda: GlobStrMatch).
type pattern struct {
	text   string
	kind   patternKind
	regexp *regexp.Regexp
}

type patternKind uint8

const (
	patternExact patternKind = iota
	patternGlob
	patternRegexp
)

// newPattern reads a pattern; the error is the fault of a regular expression.
func newPattern(text string) (pattern, error) {
	switch {
	case strings.HasPrefix(text, "^") && strings.HasSuffix(text, "$"):
		re, err := compileRegexp(text)
		return pattern{text: text, kind: patternRegexp, regexp: re}, err
	case strings.IndexByte(text, '*') < 0:
		return pattern{text: text}, nil
	case strings.IndexByte(text, '\n') >= 0: // matchGlob cannot.
		expr := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*")
		re, err := compileRegexp("^(?:" + expr + ")$")
		return pattern{text: text, kind: patternRegexp, regexp: re}, err
	default:
		return pattern{text: text, kind: patternGlob}, nil
	}
}

func (p *pattern) match(s string) bool {
	switch p.kind {
	case patternExact:
		return p.text == s
	case patternGlob:
		return matchGlob(p.text, s)
	default:
		return p.regexp.MatchString(s)
	}
}

// matchGlob reports whether glob, in which "*" stands for any text without a line break, covers the whole of s or, for
// conda makes a regular expression of it that ends in "$", s without a line break at its end. The glob has no line
// break itself; then it is enough to lengthen the latest asterisk only, and no text takes longer than len(glob)*len(s).
func matchGlob(glob, s string) bool {
	if glob == "*" && strings.IndexByte(s, '\n') < 0 {
		return true
	}
	s = strings.TrimSuffix(s, "\n")
	star, resume := -1, 0 // Where the latest asterisk is; up to where in s it reaches.
	g := 0
	for i := 0; i < len(s); {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, resume = g, i
			g++
		case g < len(glob) && glob[g] == s[i]:
			g++
			i++
		case star >= 0 && s[resume] != '\n':
			resume++
			g, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
