package matchspec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// readLines returns the lines of a file of testdata.
func readLines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 3 {
		t.Fatalf("%s has only %d lines", name, len(lines))
	}
	return lines
}

// TestDependsOfRecordedPrefixes reads all distinct requirements of the recorded prefixes. Those that conda cannot read
// are in a file of their own: one of them ends conda list with an exception.
func TestDependsOfRecordedPrefixes(t *testing.T) {
	for _, text := range readLines(t, "depends.txt") {
		if _, err := matchspec.Parse(text); err != nil {
			t.Errorf("conda reads it: %v", err)
		}
	}
	for _, text := range readLines(t, "depends_bad.txt") {
		spec, err := matchspec.Parse(text)
		if err == nil {
			t.Errorf("%q is read as %s, conda refuses it", text, spec)
			continue
		}
		checkError(t, err, text)
	}
}
