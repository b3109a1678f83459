package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := func() string { return filepath.Join(t.TempDir(), "new") }
	tests := []struct {
		name string
		args []string
		code int
		want string // On standard error.
	}{
		{"generate", []string{"--kernels", "2", "--packages", "10", "--meta-bytes", "40000", "--language", "mixed", fresh()}, 0, ""},
		{"sample", []string{"--sample", fresh()}, 0, ""},
		{"help", []string{"--help"}, 0, "usage: mkrepo --sample DIR"},
		{"no folder", nil, 2, "usage: mkrepo"},
		{"two folders", []string{fresh(), fresh()}, 2, "usage: mkrepo"},
		{"unknown flag", []string{"--size", "1", fresh()}, 2, "not defined"},
		{"bad spec", []string{"--language", "Fortran", fresh()}, 1, `mkrepo: generate: language is Python, R or mixed, not "Fortran"`},
		{"full folder", []string{"--sample", full}, 1, "is not empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(tt.args, &stderr); code != tt.code || !strings.Contains(stderr.String(), tt.want) || tt.want == "" && stderr.Len() > 0 {
				t.Errorf("exit code %d, want %d; standard error, to hold %q:\n%s", code, tt.code, tt.want, &stderr)
			}
			if tt.code != 0 || tt.name == "help" {
				return
			}
			if found, _ := filepath.Glob(filepath.Join(tt.args[len(tt.args)-1], "R/*/*/conda-meta/history")); len(found) == 0 {
				t.Error("no kernel was made")
			}
		})
	}
}
