package webserver

import "strings"

// splitSpecs reads several specs from one line, as people write them: "numpy>=2,<3, scipy r-sf". Commas and blanks stand
// inside of specs, too, so they part specs only where what follows can begin one and what is before is whole:
//
//   - a comma, where no operator follows ("numpy>=2,<3" is one spec), and a letter, an underscore or a blank does;
//   - a blank, where a letter or an underscore follows and there was no operator just before it;
//   - neither inside of brackets or quotes;
//   - the end of a line.
func splitSpecs(text string) []string {
	var specs []string
	start, depth, quote := 0, 0, byte(0)
	for i := range len(text) {
		b := text[i]
		switch {
		case b == '\n':
			depth, quote = 0, 0
		case quote != 0:
			if b == quote {
				quote = 0
			}
			continue
		case depth > 0 && (b == '\'' || b == '"'):
			quote = b
			continue
		case b == '[':
			depth++
		case b == ']' && depth > 0:
			depth--
		}
		if depth == 0 && parts(text[start:i], b, text[i+1:]) {
			specs, start = append(specs, text[start:i]), i+1
		}
	}
	specs = append(specs, text[start:])
	whole := specs[:0]
	for _, spec := range specs {
		if spec = strings.Trim(spec, ", \t\r\n"); spec != "" {
			whole = append(whole, spec)
		}
	}
	return whole
}

// operators are what versions are compared with.
const operators = "<>=!~"

// parts reports whether a byte outside of brackets ends the spec before it.
func parts(before string, b byte, after string) bool {
	rest := strings.TrimLeft(after, " \t\r,")
	if b == '\n' || rest == "" {
		return b == '\n'
	}
	next := rest[0]
	letter := 'a' <= next|0x20 && next|0x20 <= 'z' || next == '_' || next >= 0x80
	switch b {
	case ',':
		return !strings.ContainsRune(operators, rune(next)) && (letter || len(rest) < len(after))
	case ' ', '\t':
		before = strings.TrimRight(before, " \t")
		return letter && before != "" && !strings.ContainsRune(operators+"|", rune(before[len(before)-1]))
	default:
		return false
	}
}
