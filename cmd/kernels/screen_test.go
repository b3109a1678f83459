package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Columns stand below each other by the width of what is shown, whatever the colours and the script; no line ends in
// blanks.
func TestTableAlignsWhatIsShown(t *testing.T) {
	rows := [][]cell{
		{{"R/漢字/1", kernel}, {"a", good}, {text: "x"}},
		{{"R/é/1.91", kernel}, {text: "\x1b[2J"}, {}},
		{{"R/b/1", kernel}, {}, {text: "y\nz"}},
	}
	want := strings.Join([]string{
		"KERNEL    B        C",
		"R/漢字/1  a        x",
		`R/é/1.91  \x1b[2J`,
		`R/b/1              y\x0az`,
		"",
	}, "\n")
	for _, color := range []bool{false, true} {
		var out strings.Builder
		s := &screen{out: &out, color: color}
		s.table([]string{"KERNEL", "B", "C"}, rows)
		got := out.String()
		if color != strings.Contains(got, "\x1b[36mR/b/1\x1b[0m") {
			t.Errorf("color %v: %q", color, got)
		}
		for _, style := range []style{head, kernel, good} {
			got = strings.ReplaceAll(got, "\x1b["+string(style)+"m", "")
		}
		if d := cmp.Diff(want, strings.ReplaceAll(got, "\x1b[0m", "")); d != "" {
			t.Errorf("color %v (-want +got):\n%s", color, d)
		}
	}
}
