package pystr_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"kernelindexer/condaenv/pystr"
)

// recording is what Python does, see testdata/python_recordings.py.
type recording struct {
	lower      map[rune]string
	words      map[string]string
	unassigned map[rune]bool
	final      map[string]map[rune]bool // by context
}

// contexts are texts around a character, with a sigma that it may end.
var contexts = map[string]string{"before": "%cΣ", "between": "a%cΣ", "after": "aΣ%c", "through": "aΣ%ca"}

func readRecording(t *testing.T) recording {
	t.Helper()
	f, err := os.Open("testdata/python_lower.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := recording{map[rune]string{}, map[string]string{}, map[rune]bool{}, map[string]map[rune]bool{}}
	for context := range contexts {
		r.final[context] = map[rune]bool{}
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		r.add(t, lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r recording) add(t *testing.T, line string) {
	kind, rest, _ := strings.Cut(line, " ")
	if words, ok := strings.CutPrefix(line, "word\t"); ok {
		from, to, _ := strings.Cut(words, "\t")
		r.words[unquote(t, from)] = unquote(t, to)
		return
	}
	if kind == "#" {
		return
	}
	var chars []rune
	for hex := range strings.FieldsSeq(rest) {
		n, err := strconv.ParseInt(hex, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		chars = append(chars, rune(n))
	}
	if kind == "lower" {
		r.lower[chars[0]] = string(chars[1:])
		return
	}
	set := r.final[kind]
	if kind == "unassigned" {
		set = r.unassigned
	}
	for c := chars[0]; c <= chars[1]; c++ {
		set[c] = true
	}
}

func unquote(t *testing.T, s string) (text string) {
	if err := json.Unmarshal([]byte(s), &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// Each character that Python's Unicode knows has Python's lower case, and
// makes a sigma final where Python's does.
func TestLowerIsPythons(t *testing.T) {
	r := readRecording(t)
	if len(r.lower) < 1000 || len(r.final["through"]) < 1000 {
		t.Fatalf("a recording of %d characters", len(r.lower))
	}
	for c := rune(0); c <= 0x10FFFF; c++ {
		if r.unassigned[c] || 0xD800 <= c && c <= 0xDFFF {
			continue
		}
		want, mapped := r.lower[c]
		if !mapped {
			want = string(c)
		}
		if got := pystr.Lower(string(c)); got != want {
			t.Errorf("lower(%U) = %+q, want %+q", c, got, want)
		}
		if c == 'ς' {
			continue
		}
		for context, format := range contexts {
			got := strings.ContainsRune(pystr.Lower(fmt.Sprintf(format, c)), 'ς')
			if got != r.final[context][c] {
				t.Errorf("%s %U: final sigma is %v", context, c, got)
			}
		}
	}
	for word, want := range r.words {
		if got := pystr.Lower(word); got != want {
			t.Errorf("lower(%+q) = %+q, want %+q", word, got, want)
		}
	}
}

// What is not UTF-8 does not stay: 0xff ends the names of a catalog.
func TestLowerMendsUTF8(t *testing.T) {
	for _, s := range []string{"\xff", "a\xffΣ", "\xce", "Σ\xed\xa0\x80"} {
		if got := pystr.Lower(s); !utf8.ValidString(got) || !strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("lower(%q) = %q", s, got)
		}
	}
}
