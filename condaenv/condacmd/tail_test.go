package condacmd

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTail(t *testing.T) {
	var few, many, long tail
	fmt.Fprint(&few, "one\n\n \x1b[1;31mtwo\x1b[0m\r\nthr\u200bee")
	if diff := cmp.Diff([]string{"one", "two", "three"}, few.lines()); diff != "" {
		t.Errorf("few (-want +got)\n%s", diff)
	}
	for i := range 100_000 {
		fmt.Fprintf(&many, "line %d\n", i)
	}
	lines := many.lines()
	if len(many.buf) > 2*maxTail || len(lines) > maxTail/10 || !strings.Contains(lines[0], "earlier messages dropped") || lines[len(lines)-1] != "line 99999" {
		t.Errorf("many: %d bytes, %d lines, %q … %q", len(many.buf), len(lines), lines[0], lines[len(lines)-1])
	}
	fmt.Fprint(&long, strings.Repeat("é", maxTail))
	if got := long.end(); len(got) > maxEnd+len("…") || !utf8.ValidString(got) || !strings.HasPrefix(got, "…é") {
		t.Errorf("long: %q", got)
	}
	if got := new(tail).lines(); got != nil {
		t.Errorf("nothing: %q", got)
	}
}

// TestNobodyIsToldToDeleteRecords: conda's complaint about what our sandbox does advises just that.
func TestNobodyIsToldToDeleteRecords(t *testing.T) {
	var said tail
	fmt.Fprint(&said, "WARNING conda.gateways.disk.delete:unlink_or_rename_to_trash(192): Could not remove or rename /k/a. b/conda-meta/x-1-0.json.  "+
		"Please remove this file manually (you may need to reboot to free file handles)\n")
	want := []string{"conda takes /k/a. b/conda-meta/x-1-0.json for stale; it was kept from deleting it"}
	if diff := cmp.Diff(want, said.lines()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func FuzzTail(f *testing.F) {
	f.Add("a\nb", "\x1b[")
	f.Add("\xff\r\n\u202e", "\u2028")
	f.Fuzz(func(t *testing.T, a, b string) {
		var said tail
		fmt.Fprint(&said, a)
		fmt.Fprint(&said, b)
		for _, text := range append(said.lines(), said.end()) {
			if len(text) > maxEnd+len("…") || !utf8.ValidString(text) || text != strings.TrimSpace(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q", text)
			}
		}
	})
}
