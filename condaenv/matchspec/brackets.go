package matchspec

import (
	"slices"
	"strings"
)

// pair is a condition in brackets.
type pair struct{ key, value string }

func lookup(pairs []pair, key string) string {
	for i := len(pairs) - 1; i >= 0; i-- {
		if pairs[i].key == key {
			return pairs[i].value
		}
	}
	return ""
}

// readBrackets reads "[key=value,…]"; an empty section has no pairs. What is no pair is skipped without a word, as conda
// does; a pair without a value and an unknown key are errors.
func readBrackets(section string) ([]pair, *ParseError) {
	if section == "" {
		return nil, nil
	}
	var pairs []pair
	for rest := section[1 : len(section)-1]; ; {
		key, value, after, ok := nextPair(rest)
		if !ok {
			return pairs, nil
		}
		if value == "" {
			return nil, fault(kindSpec, section, key, "key-value mismatch in brackets")
		}
		if !slices.Contains(fieldNames[:], key) && !slices.Contains(ignoredKeys, key) {
			return nil, fault(kindSpec, section, key, "cannot match on this field")
		}
		pairs, rest = append(pairs, pair{key, value}), after
	}
}

// ignoredKeys are conda's own names for other properties of a spec, which it takes in brackets by accident.
var ignoredKeys = []string{"optional", "target", "_original_spec_str"}

// nextPair finds the next "key=value" that ends with a comma, a blank or the text. A value in quotes holds no quotes of
// either kind, a value without them no comma and no blank either.
func nextPair(text string) (key, value, rest string, ok bool) {
	for {
		equals := strings.IndexByte(text, '=')
		if equals < 0 {
			return "", "", "", false
		}
		start := equals
		for start > 0 && isKeyByte(text[start-1]) {
			start--
		}
		key, text = text[start:equals], text[equals+1:]
		if value, rest, ok = cutValue(text); ok && key != "" {
			return key, value, rest, true
		}
	}
}

func isKeyByte(c byte) bool {
	return c == '_' || c == '-' || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func cutValue(text string) (value, rest string, ok bool) {
	quote := ""
	if text != "" && isQuote(text[0]) {
		quote, text = text[:1], text[1:]
	}
	end := 0
	for end < len(text) && !isQuote(text[end]) && (quote != "" || !isDelimiter(text[end])) {
		end++
	}
	value, text = text[:end], text[end:]
	if text, ok = strings.CutPrefix(text, quote); !ok {
		return "", "", false
	}
	switch {
	case text == "":
		return value, "", true
	case isDelimiter(text[0]):
		return value, text[1:], true
	default:
		return "", "", false
	}
}

func isQuote(c byte) bool { return c == '\'' || c == '"' }

func isDelimiter(c byte) bool { return c == ',' || c == ' ' }
