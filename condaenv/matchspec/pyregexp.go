package matchspec

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// compileRegexp compiles a Python regular expression that conda would try with re.match, that is from the start of the
// text. Go's engine is used, which takes time linear in the text whatever the expression: specs come from users.
// What it cannot do (looking around, back references, possessive quantifiers) is an error.
//
// The syntax is translated where the two languages differ in what they accept or mean; \d, \s, \w and \b know ASCII only.
func compileRegexp(expr string) (*regexp.Regexp, error) {
	t := regexpTranslator{in: expr}
	t.out.WriteString(`\A(?:`)
	if err := t.translate(); err != nil {
		return nil, err
	}
	t.out.WriteByte(')')
	re, err := regexp.Compile(t.out.String())
	var bad *syntax.Error
	if errors.As(err, &bad) { // Without its expression, which is not the one that was given.
		return nil, fmt.Errorf("regular expression: %s", bad.Code)
	}
	return re, err
}

type regexpTranslator struct {
	in         string
	pos        int
	out        strings.Builder
	repeatable bool // Whether a quantifier may follow.
	open       int  // Groups that are not closed yet.
	names      []string
}

// Python letters that mean the same after a backslash in both languages, outside and inside of a class.
const (
	escapesOutside = "AbBdDsSwWafnrtv"
	escapesInside  = "dDsSwWafnrtv"
)

func (t *regexpTranslator) translate() error {
	for t.pos < len(t.in) {
		var err error
		switch c := t.in[t.pos]; c {
		case '\\':
			err = t.escape(escapesOutside)
		case '[':
			err = t.class()
		case '(':
			err = t.group()
		case ')':
			err = t.closeGroup()
		case '{':
			err = t.braces()
		case '*', '+', '?':
			err = t.quantifier(t.in[t.pos : t.pos+1])
		case '^':
			t.anchor(`\A`)
		case '$': // Also before a line break at the very end.
			t.anchor(`(?:\n?\z)`)
		case '|':
			t.copyByte()
			t.repeatable = false
		default:
			t.copyByte()
			t.repeatable = true
		}
		if err != nil {
			return err
		}
	}
	if t.open > 0 {
		return errors.New("missing ), unterminated subpattern")
	}
	return nil
}

func (t *regexpTranslator) copyByte() {
	t.out.WriteByte(t.in[t.pos])
	t.pos++
}

func (t *regexpTranslator) anchor(out string) {
	t.out.WriteString(out)
	t.pos++
	t.repeatable = false
}

// escape translates a backslash and what it escapes.
func (t *regexpTranslator) escape(letters string) error {
	if t.pos+1 == len(t.in) {
		return errors.New("bad escape (end of pattern)")
	}
	c := t.in[t.pos+1]
	t.repeatable = c != 'A' && c != 'b' && c != 'B' && c != 'Z'
	switch {
	case strings.IndexByte(letters, c) >= 0:
		t.out.WriteString(t.in[t.pos : t.pos+2])
	case c == 'Z' && letters == escapesOutside:
		t.out.WriteString(`\z`)
	case c == 'b': // Inside of a class.
		t.out.WriteString(`\x08`)
	case c == 'x', c == 'u', c == 'U':
		return t.hexEscape()
	case c == '0':
		return t.octalEscape()
	case isDigit(c):
		return errors.New("regular expression with a back reference is not supported")
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return fmt.Errorf(`bad escape \%c`, c)
	case c < 0x80:
		fmt.Fprintf(&t.out, `\x{%x}`, c)
	default:
		t.pos++ // The backslash says nothing before such a letter.
		return nil
	}
	t.pos += 2
	return nil
}

// hexEscape translates \xHH, \uHHHH and \UHHHHHHHH.
func (t *regexpTranslator) hexEscape() error {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[t.in[t.pos+1]]
	start := t.pos + 2
	end := start
	for end < len(t.in) && end < start+digits && strings.IndexByte("0123456789abcdefABCDEF", t.in[end]) >= 0 {
		end++
	}
	if end < start+digits {
		return fmt.Errorf("incomplete escape %s", t.in[t.pos:end])
	}
	fmt.Fprintf(&t.out, `\x{%s}`, t.in[start:end])
	t.pos = end
	return nil
}

// octalEscape translates \0 and up to two more octal digits.
func (t *regexpTranslator) octalEscape() error {
	value, end := 0, t.pos+2
	for end < len(t.in) && end < t.pos+4 && '0' <= t.in[end] && t.in[end] <= '7' {
		value = value*8 + int(t.in[end]-'0')
		end++
	}
	fmt.Fprintf(&t.out, `\x{%x}`, value)
	t.pos = end
	return nil
}

// class translates [...]. Python knows no [:alpha:] in it.
func (t *regexpTranslator) class() error {
	t.copyByte()
	if t.pos < len(t.in) && t.in[t.pos] == '^' {
		t.copyByte()
	}
	for first := true; t.pos < len(t.in); first = false {
		switch c := t.in[t.pos]; {
		case c == ']' && !first:
			t.copyByte()
			t.repeatable = true
			return nil
		case c == '\\':
			start := t.pos
			if err := t.escape(escapesInside); err != nil {
				return err
			}
			if rest := t.in[t.pos:]; strings.IndexByte("dDsSwW", t.in[start+1]) >= 0 &&
				len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
				return fmt.Errorf("bad character range %s-", t.in[start:t.pos])
			}
		case c == '[' || c == ']':
			t.out.WriteByte('\\')
			t.copyByte()
		default:
			t.copyByte()
		}
	}
	return errors.New("unterminated character set")
}

// group translates what opens a group, and skips a comment.
func (t *regexpTranslator) group() error {
	rest := t.in[t.pos:]
	if strings.HasPrefix(rest, "(?#") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return errors.New("missing ), unterminated comment")
		}
		t.pos += end + 1
		return nil
	}
	t.repeatable = false
	t.open++
	if !strings.HasPrefix(rest, "(?") {
		t.copyByte()
		return nil
	}
	if strings.HasPrefix(rest, "(?P<") {
		return t.namedGroup(rest)
	}
	for _, open := range []string{"(?:", "(?i:", "(?s:", "(?is:", "(?si:"} {
		if strings.HasPrefix(rest, open) {
			t.out.WriteString(open)
			t.pos += len(open)
			return nil
		}
	}
	return fmt.Errorf("regular expression with %.3s is not supported", rest)
}

// closeGroup copies the end of a group. Go would take one too many for the end of the group around the whole.
func (t *regexpTranslator) closeGroup() error {
	if t.open--; t.open < 0 {
		return errors.New("unbalanced parenthesis")
	}
	t.copyByte()
	t.repeatable = true
	return nil
}

// namedGroup drops the name of a group, for which there is no use; but it must be a name, and the only one of its kind.
func (t *regexpTranslator) namedGroup(rest string) error {
	name, _, closed := strings.Cut(rest[len("(?P<"):], ">")
	isLetter := func(c byte) bool { return c == '_' || isAlnum(c|0x20) || c >= utf8.RuneSelf }
	for i := range len(name) {
		closed = closed && isLetter(name[i])
	}
	if !closed || name == "" || isDigit(name[0]) || slices.Contains(t.names, name) {
		return errors.New("bad or repeated name of a group in a regular expression")
	}
	t.names = append(t.names, name)
	t.out.WriteByte('(')
	t.pos += len("(?P<>") + len(name)
	return nil
}

// braces translates {n}, {m,n}, {m,} and {,n}; any other brace is a letter.
func (t *regexpTranslator) braces() error {
	end := strings.IndexByte(t.in[t.pos:], '}')
	if end > 0 {
		low, high, isRange := strings.Cut(t.in[t.pos+1:t.pos+end], ",")
		if (allDigits(low) || low == "" && isRange) && (allDigits(high) || high == "") {
			if low == "" {
				t.in = t.in[:t.pos+1] + "0" + t.in[t.pos+1:]
				end++
			}
			return t.quantifier(t.in[t.pos : t.pos+end+1])
		}
	}
	t.out.WriteString(`\{`)
	t.pos++
	t.repeatable = true
	return nil
}

// quantifier copies a quantifier; Go refuses a second one after it as Python does.
func (t *regexpTranslator) quantifier(text string) error {
	if !t.repeatable {
		return errors.New("nothing to repeat")
	}
	t.repeatable = false // Also where only a comment is between two quantifiers, which Go would read as one.
	t.out.WriteString(text)
	t.pos += len(text)
	if t.pos < len(t.in) && t.in[t.pos] == '?' {
		t.copyByte()
	}
	if t.pos < len(t.in) && t.in[t.pos] == '+' {
		return errors.New("regular expression with a possessive quantifier is not supported")
	}
	return nil
}
