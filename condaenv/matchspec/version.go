package matchspec

import "strings"

// maxDigits is the longest number that Python converts from text; a longer one crashes conda.
const maxDigits = 4300

// Version is a version text that conda can order. It is a small value to copy, safe to share, and made by
// [ParseVersion]; the zero Version is ordered like "0".
//
// Nothing is kept but the text: reading it again while comparing costs less memory than a parsed form, and no time
// worth having, for most comparisons end at the first or second number.
type Version struct {
	text string // As given.
	norm string // Without outer blanks, in lower case, dashes as underscores; this is what is compared.
}

// ParseVersion reads a version as conda's VersionOrder does. An error is a [*ParseError] with conda's reason.
//
// The rules (conda, VersionOrder): outer blanks and letter case do not count; digits, letters, ".", "_", "*", "+" and
// "!" are allowed; dashes are taken for underscores if there is no underscore. Before "!" stands the epoch, a number,
// after "+" the local version. Both the version and the local version are split at "." and "_" into components, none
// of which may be empty. An underscore at the very end of the version is no separator but a letter below "a", so that
// OpenSSL's "1.0.1_" sorts below "1.0.1a".
func ParseVersion(text string) (Version, error) {
	v, err := parseVersion(text)
	if err != nil {
		return Version{}, err
	}
	return v, nil
}

func parseVersion(text string) (Version, *ParseError) {
	norm := lower(strip(text))
	if norm == "" {
		return Version{}, faultAt(kindVersion, text, "", 0, "empty version string")
	}
	bad := invalidByte(norm)
	if bad >= 0 && strings.IndexByte(norm, '-') >= 0 && strings.IndexByte(norm, '_') < 0 {
		norm = strings.ReplaceAll(norm, "-", "_")
		bad = invalidByte(norm)
	}
	if bad >= 0 {
		return Version{}, versionFault(text, norm, bad, "invalid character(s)")
	}
	v := Version{text: text, norm: norm}
	if at, reason := v.check(); reason != "" {
		return Version{}, versionFault(text, norm, at, reason)
	}
	return v, nil
}

// versionFault reports what is wrong at an offset of the normal form as an offset of the text.
func versionFault(text, norm string, at int, reason string) *ParseError {
	part := ""
	if at < len(norm) && reason != reasonEmptyComponent {
		part = norm[at : at+1]
		if norm[at] >= 0x80 {
			part = string([]rune(norm[at:])[:1])
		}
	}
	lead := len(text) - len(strings.TrimLeftFunc(text, isSpace))
	return faultAt(kindVersion, text, part, lead+at, reason)
}

const reasonEmptyComponent = "empty version component"

// invalidByte returns the offset of the first byte no version may hold, -1 if there is none.
func invalidByte(norm string) int {
	for i := 0; i < len(norm); i++ {
		switch c := norm[i]; {
		case 'a' <= c && c <= 'z', isDigit(c), c == '.', c == '_', c == '*', c == '+', c == '!':
		default:
			return i
		}
	}
	return -1
}

// check tests the structure of a version that has only allowed characters, in conda's order. It returns an empty
// reason if all is well.
func (v Version) check() (at int, reason string) {
	rest, base := v.norm, 0
	if i := strings.IndexByte(rest, '!'); i >= 0 {
		if j := strings.IndexByte(rest[i+1:], '!'); j >= 0 {
			return i + 1 + j, "duplicated epoch separator '!'"
		}
		if !allDigits(rest[:i]) {
			return 0, "epoch must be an integer"
		}
		if i > maxDigits {
			return 0, reasonLongNumber
		}
		rest, base = rest[i+1:], i+1
	}
	upstream, local, hasLocal := strings.Cut(rest, "+")
	if i := strings.IndexByte(local, '+'); i >= 0 {
		return base + len(upstream) + 1 + i, "duplicated local version separator '+'"
	}
	if upstream == "" {
		return base, "Missing version before local version separator '+'"
	}
	if at, reason = checkComponents(upstream, true); reason != "" || !hasLocal {
		return base + at, reason
	}
	at, reason = checkComponents(local, false)
	return base + len(upstream) + 1 + at, reason
}

const reasonLongNumber = "number of more than 4300 digits"

// checkComponents tests a run of components. In the upstream version a final underscore belongs to the last component.
func checkComponents(s string, upstream bool) (at int, reason string) {
	start, digits := 0, 0 // Where the component began; how long the run of digits is that ends here.
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '.' || c == '_' && (!upstream || i < len(s)-1) {
			if i == start {
				return i, reasonEmptyComponent
			}
			start, digits = i+1, 0
			continue
		}
		if !isDigit(c) {
			digits = 0
			continue
		}
		if digits++; digits > maxDigits {
			return start, reasonLongNumber
		}
	}
	if start == len(s) {
		return start, reasonEmptyComponent
	}
	return 0, ""
}

// Text returns the version exactly as it was given to [ParseVersion]. It allocates nothing.
func (v Version) Text() string { return v.text }

// String returns the version as conda writes it: without outer blanks, in lower case, dashes as underscores.
func (v Version) String() string { return v.norm }

// split takes the version apart: epoch ("" for none), upstream version, local version ("" for none).
func (v Version) split() (epoch, upstream, local string) {
	upstream = v.norm
	for i := 0; i < len(upstream); i++ {
		switch upstream[i] {
		case '!':
			epoch, upstream = upstream[:i], upstream[i+1:]
			i = -1
		case '+':
			return epoch, upstream[:i], upstream[i+1:]
		}
	}
	return epoch, upstream, ""
}
