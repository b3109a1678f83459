package condacmd_test

import (
	"errors"
	"strings"
	"testing"

	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
)

// TestPrefixes: what conda would understand as another prefix is refused, and everything else reaches it unharmed.
func TestPrefixes(t *testing.T) {
	tests := []struct {
		prefix string
		ok     bool
	}{
		{"/k/Python/numpy 2/1.0", true},
		{"/k/Größe/\xff\n/x", true},
		{"/k/~/x", true},
		{"/k/$UNSET/x", true},
		{"/k/100$", true},
		{"/k/${}/$/${x", true},
		{"/k/$HOMEX/x", true},
		{"/k/$HOME/x", false},
		{"/k/a${HOME}b", false},
		{"/k/$CONDA_OFFLINE", false}, // set by us
		{"/k/$CONDA_SUBDIR", true},   // dropped by us
		{"/k/$PWD", false},
		{"/k/$TMPDIR", false},
		{"/k/$CONDA_ROOT", false}, // set by conda
		{"/k/x/../y", false},
		{"/k/x/", false},
		{"//k", false},
		{"/k/./x", false},
		{"k/x", false},
		{"~/x", false},
		{"", false},
		{"/k\x00/x", false},
	}
	lister := standIn(t, sandbox.Landlock, `printf '[{"name":"%s","version":""}]' "$(printf %s "$4" | od -An -tx1 | tr -d ' \n')"`)
	lister.Env = []string{"HOME=/home/u", "CONDA_SUBDIR=linux-64", "PATH=/usr/bin:/bin"}
	for _, test := range tests {
		got, err := lister.List(t.Context(), test.prefix)
		if !test.ok {
			if !errors.Is(err, condacmd.ErrPrefix) || strings.ContainsAny(err.Error(), "\x00\n") || got.Usage != (condacmd.Usage{}) {
				t.Errorf("%q: got %v, %v, want ErrPrefix", test.prefix, got, err)
			}
			continue
		}
		if err != nil || got.Packages[0].Name != hex(test.prefix) {
			t.Errorf("%q: got %v, %v", test.prefix, got.Packages, err)
		}
	}
}

func hex(text string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
