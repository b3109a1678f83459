package rlib_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"kernelindexer/condaenv/rlib"
	"kernelindexer/condaenv/rlib/internal/tarfs"
)

// recorded returns what testdata/odd.R has made.
func recorded(t testing.TB) fstest.MapFS {
	t.Helper()
	fsys, err := tarfs.Load("testdata/odd.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// answer is what becomes of a library of one package, in the words of the recorded tables: "row" with a version in
// hexadecimal digits or NA, "skip", or "fail" of the whole.
func answer(t testing.TB, fsys fs.FS, lib string) (outcome, version string) {
	t.Helper()
	packages, warnings, err := rlib.Installed(fsys, lib)
	switch {
	case errors.Is(err, rlib.ErrNotAList):
		return "fail", ""
	case err != nil:
		t.Fatal(err)
	case len(packages) == 0 && len(warnings) == 0:
		t.Errorf("%s: skipped without a warning", lib)
		return "skip", ""
	case len(packages) == 0:
		return "skip", ""
	case !packages[0].HasVersion:
		return "row", "NA"
	}
	return "row", hex.EncodeToString([]byte(packages[0].Version))
}

// TestOddPackages compares with what R said of packages that R itself has written, and of files as broken as R bears
// them. See testdata/odd.R for each of them.
func TestOddPackages(t *testing.T) {
	// R 4.2.2 cannot read this one, but says itself that R 5.0.0 can, so DESCRIPTION is asked.
	deviations := map[string]string{"format-version-4-of-a-later-R": "row"}

	fsys := recorded(t)
	expected := strings.Split(strings.TrimSpace(string(fsys["odd/expected.tsv"].Data)), "\n")
	if len(expected) < 150 {
		t.Fatalf("only %d cases", len(expected))
	}
	for _, line := range expected {
		name, outcome, _ := strings.Cut(line, "\t")
		want, wantVersion, _ := strings.Cut(outcome, "\t")
		t.Run(name, func(t *testing.T) {
			got, version := answer(t, fsys, "odd/"+name)
			if deviation, ok := deviations[name]; ok {
				want, wantVersion = deviation, hex.EncodeToString([]byte("1.2.3"))
			}
			if got != want || version != wantVersion {
				t.Errorf("%s %s, R says %s %s", got, version, want, wantVersion)
			}
		})
	}
}

// TestDescriptionIsTheFallback checks that DESCRIPTION is read where package.rds is beyond the decoder, with a warning,
// and in no other case: there it says something else.
func TestDescriptionIsTheFallback(t *testing.T) {
	fsys := recorded(t)
	for name, file := range fsys {
		lib, isDescription := strings.CutSuffix(name, "/pkg/DESCRIPTION")
		if !isDescription {
			continue
		}
		_, warnings, _ := rlib.Installed(fsys, lib)
		got := strings.Contains(strings.Join(warnings, "\n"), "DESCRIPTION is read instead")
		if want := bytes.Contains(file.Data, []byte("1.2.3")); got != want {
			t.Errorf("%s: DESCRIPTION is read: %v, want %v (%q)", lib, got, want, warnings)
		}
	}
}
