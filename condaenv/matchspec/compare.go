package matchspec

import "strings"

// The order of conda's VersionOrder. A version is a list of components, a component a list of atoms, and both lists go
// on for ever with zeros, so that 1.1 equals 1.1.0. Atoms alternate between numbers and text; a component that begins
// with text has a 0 in front, which keeps the two in step ("1.1.a1" equals "1.1.0a1").
//
// An atom is a piece of the version text: digits, asterisks or letters. The empty atom is the zero that is not written.

// Compare returns -1, 0 or 1 as v is lower than, equal to or higher than w in conda's order. The order is total:
// versions of different text ("1.0" and "1", "1.RC" and "1.rc") can be equal. It allocates nothing.
func (v Version) Compare(w Version) int {
	if v.norm == w.norm {
		return 0
	}
	vEpoch, vUpstream, vLocal := v.split()
	wEpoch, wUpstream, wLocal := w.split()
	if c := compareNumbers(vEpoch, wEpoch); c != 0 {
		return c
	}
	if c := compareComponents(vUpstream, wUpstream); c != 0 {
		return c
	}
	return compareComponents(vLocal, wLocal)
}

// compareComponents compares two lists of components.
func compareComponents(x, y string) int {
	for x != "" || y != "" {
		var cx, cy string
		cx, x = nextComponent(x)
		cy, y = nextComponent(y)
		if c := compareAtoms(cx, cy); c != 0 {
			return c
		}
	}
	return 0
}

// compareAtoms compares two components.
func compareAtoms(x, y string) int {
	if x == y {
		return 0
	}
	ax, x := firstAtom(x)
	ay, y := firstAtom(y)
	for {
		if c := compareAtom(ax, ay); c != 0 {
			return c
		}
		if x == "" && y == "" {
			return 0
		}
		ax, x = nextAtom(x)
		ay, y = nextAtom(y)
	}
}

// startsWith reports whether v begins with p as conda's "=" and ".*" mean it: by component, except that a last atom of
// letters needs only be the beginning of v's ("1.0r" covers "1.0rc1", "3.1" does not cover "3.11").
func (v Version) startsWith(p Version) bool {
	vEpoch, vUpstream, vLocal := v.split()
	pEpoch, pUpstream, pLocal := p.split()
	if compareNumbers(vEpoch, pEpoch) != 0 {
		return false
	}
	if pLocal != "" {
		return compareComponents(vUpstream, pUpstream) == 0 && componentsStartWith(vLocal, pLocal)
	}
	return componentsStartWith(vUpstream, pUpstream)
}

func componentsStartWith(x, p string) bool {
	for {
		var cx, cp string
		cx, x = nextComponent(x)
		cp, p = nextComponent(p)
		if p == "" {
			return atomsStartWith(cx, cp)
		}
		if compareAtoms(cx, cp) != 0 {
			return false
		}
	}
}

func atomsStartWith(x, p string) bool {
	ax, x := firstAtom(x)
	ap, p := firstAtom(p)
	for p != "" {
		if compareAtom(ax, ap) != 0 {
			return false
		}
		ax, x = nextAtom(x)
		ap, p = nextAtom(p)
	}
	if rankOf(ap) != rankText || ap == "dev" || ax == "dev" {
		return compareAtom(ax, ap) == 0
	}
	return rankOf(ax) == rankText && strings.HasPrefix(ax, ap)
}

// nextComponent cuts the first component off a list of them. An underscore at the end is not a separator; that it is
// one in a local version need not be known here, for there ParseVersion refuses it.
func nextComponent(s string) (component, rest string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '.' || s[i] == '_' && i != len(s)-1 {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// firstAtom cuts the first atom off a component: an unwritten zero if it does not begin with a digit.
func firstAtom(s string) (atom, rest string) {
	if s == "" || !isDigit(s[0]) {
		return "", s
	}
	return nextAtom(s)
}

// nextAtom cuts a run of digits, of asterisks or of anything else off s.
func nextAtom(s string) (atom, rest string) {
	if s == "" {
		return "", ""
	}
	class := classOf(s[0])
	for i := 1; i < len(s); i++ {
		if classOf(s[i]) != class {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// classOf tells digits (0), asterisks (1) and all else (2) apart.
func classOf(c byte) int {
	switch {
	case isDigit(c):
		return 0
	case c == '*':
		return 1
	default:
		return 2
	}
}

// Ranks of atoms: any text is lower than any number, and "post" is higher than all of them.
const (
	rankText = iota
	rankNumber
	rankPost
)

func rankOf(atom string) int {
	switch {
	case atom == "" || isDigit(atom[0]):
		return rankNumber
	case atom == "post":
		return rankPost
	default:
		return rankText
	}
}

func compareAtom(x, y string) int {
	rx, ry := rankOf(x), rankOf(y)
	switch {
	case rx < ry:
		return -1
	case rx > ry:
		return 1
	case rx == rankNumber:
		return compareNumbers(x, y)
	case rx == rankText:
		return strings.Compare(textKey(x), textKey(y))
	default:
		return 0
	}
}

// textKey puts "dev" below every text but "*": between "*" and "_" in ASCII, as conda does by writing it in capitals.
func textKey(atom string) string {
	if atom == "dev" {
		return "DEV"
	}
	return atom
}

// compareNumbers compares runs of digits by value, of any length; the empty run is zero.
func compareNumbers(x, y string) int {
	for x != "" && x[0] == '0' {
		x = x[1:]
	}
	for y != "" && y[0] == '0' {
		y = y[1:]
	}
	switch {
	case len(x) < len(y):
		return -1
	case len(x) > len(y):
		return 1
	default:
		return strings.Compare(x, y)
	}
}
