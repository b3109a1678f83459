package matchspec

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestGlobIsTheRegularExpressionCondaMakesOfIt compares the matcher with that expression on random texts.
func TestGlobIsTheRegularExpressionCondaMakesOfIt(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	random := func(letters string, most int) string {
		b := make([]byte, rng.IntN(most))
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	matches := 0
	for range 20000 {
		glob, s := random("ab.**", 6), random("aab.\n", 7)
		expr := regexp.MustCompile(`\A(?:` + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + `)(?:\n?\z)`)
		want := expr.MatchString(s)
		if got := matchGlob(glob, s); got != want {
			t.Fatalf("%q on %q: %v, want %v", glob, s, got, want)
		}
		if want {
			matches++
		}
	}
	if matches < 1000 {
		t.Fatalf("only %d matches", matches)
	}
}

// TestRegexpIsPythons has what Python 3.11 says of the same expression and text.
func TestRegexpIsPythons(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       bool
	}{
		{"^a|b$", "b", true},
		{"^a|b$", "ab", true},
		{"^a|b$", "cb", false}, // re.match begins at the start.
		{"^a$", "a\n", true},
		{"^a$", "a\n\n", false},
		{"^.*$", "a\nb", false},
		{"^(?s:.*)$", "a\nb", true},
		{"^(?i:a)$", "A", true},
		{"^a{,2}$", "aa", true},
		{"^a{,2}$", "aaa", false},
		{"^a{,}$", "aaa", true},
		{"^a{x}$", "a{x}", true},
		{"^a{$", "a{", true},
		{"^[]a]+$", "a]", true},
		{"^[[:alpha:]]$", "a]", true}, // A set of [ : a l p h, and a bracket.
		{"^[^]a]$", "b", true},
		{"^[a\\]b]+$", "a]b", true},
		{"^[\\b]$", "\b", true},
		{"^[\\-\\d]+$", "1-", true},
		{"^\\x31\\u0032\\U00000033$", "123", true},
		{"^\\061$", "1", true},
		{"^\\-\\/\\_$", "-/_", true},
		{"^a\\Z$", "a", true},
		{"^a\\Z$", "a\n", false},
		{"^(?P<n>a)(?#note)+$", "aa", true},
		{"^\\é$", "é", true},
	} {
		re, err := compileRegexp(c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got := re.MatchString(c.text); got != c.want {
			t.Errorf("%s on %q: %v, Python %v", c.expr, c.text, got, c.want)
		}
	}
	for _, expr := range []string{
		"^*$", "^$+$", "^a**$", "^a{1}{2}$", "^a{2,1}$", "^(a$", "^a)$", "^[a$", "^(?i)a$", `^\p{L}$`, `^\z$`, `^\Qa\E$`, `^\x1$`, `^\u1$`,
		"^(|+)$", "^(?P<1>a)$", "^(?P<a b>a)$", "^(?#a$", `^[\d-a]$`, `^[b-a]$`, `a\`, "^(?P<é>a)(?P<é>a)$", "^a+(?#c)?$", "^\xff$",
	} {
		if re, err := compileRegexp(expr); err == nil {
			t.Errorf("%s is compiled to %s, Python refuses it", expr, re)
		}
	}
}
