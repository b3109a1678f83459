package condacmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kernelindexer/condaenv/condacmd"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, mode := range map[string]os.FileMode{
		"a/mamba": 0o755, "b/micromamba": 0o755, "b/conda": 0o644, "c/conda": 0o755, "d/conda": 0o755, "d/my-conda": 0o755,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, choice, condaExe string
		path                   []string
		want                   string // relative to dir; or, after a "!", what the error says
	}{
		{"conda before mamba, whatever PATH's order", "", "", []string{"a", "b", "c"}, "c/conda"},
		{"mamba before micromamba", "auto", "", []string{"b", "a"}, "a/mamba"},
		{"what cannot be executed does not count", "auto", "", []string{"b"}, "b/micromamba"},
		{"CONDA_EXE before PATH", "auto", "d/conda", []string{"c"}, "d/conda"},
		{"CONDA_EXE that cannot be executed", "auto", "b/conda", []string{"c"}, "c/conda"},
		{"CONDA_EXE that is gone", "", "x/conda", []string{"a"}, "a/mamba"},
		{"CONDA_EXE without a slash is not searched for", "", "my-conda", []string{"d"}, "d/conda"},
		{"CONDA_EXE that is a folder", "", "a", []string{"c"}, "c/conda"},
		{"a name", "my-conda", "c/conda", []string{"d"}, "d/my-conda"},
		{"a name that is not there", "my-conda", "c/conda", []string{"c"}, "!my-conda is not on PATH"},
		{"an absolute path", filepath.Join(dir, "d/conda"), "", nil, "d/conda"},
		{"a relative path", "d/conda", "", nil, "d/conda"},
		{"a path that cannot be executed", "b/conda", "", []string{"c"}, "!b/conda: permission denied"},
		{"a path that is not there", "./conda", "", []string{"c"}, "!./conda: no such file or directory"},
		{"nothing anywhere", "", "x/conda", []string{"e"}, "!conda not found: x/conda: no such file or directory; conda is not on PATH; mamba is not on PATH; micromamba is not on PATH"},
		{"an empty PATH", "", "", nil, "!conda is not on PATH"},
		{"a relative entry of PATH", "conda", "", []string{"./c"}, "!conda is c/conda by a relative entry of PATH"},
		{"a relative entry of PATH, but another one later", "", "", []string{"./c", "a"}, "a/mamba"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var entries []string
			for _, entry := range test.path {
				if !strings.HasPrefix(entry, "./") {
					entry = filepath.Join(dir, entry)
				}
				entries = append(entries, entry)
			}
			t.Setenv("PATH", strings.Join(entries, ":"))
			t.Setenv("CONDA_EXE", test.condaExe)
			got, err := condacmd.Find(test.choice, os.Getenv, exec.LookPath)
			if reason, fails := strings.CutPrefix(test.want, "!"); fails {
				if !errors.Is(err, condacmd.ErrNotFound) || !strings.Contains(err.Error(), reason) {
					t.Errorf("got %q, %v, want ErrNotFound with %q", got, err, reason)
				}
				return
			}
			if want := filepath.Join(dir, test.want); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}
