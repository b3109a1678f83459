package rlib_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"kernelindexer/condaenv/rlib"
)

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

	fsys := untar(t, "testdata/odd.tar.gz")
	expected := rows(t, bytes.NewReader(fsys["odd/expected.tsv"].Data))
	if len(expected) < 150 {
		t.Fatalf("only %d cases", len(expected))
	}
	for _, row := range expected {
		name, want, wantVersion := row[0], row[1], row[2]
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
	fsys := untar(t, "testdata/odd.tar.gz")
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
