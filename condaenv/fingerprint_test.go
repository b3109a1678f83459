package condaenv_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kernelindexer/condaenv"
	"kernelindexer/rootfs"
)

// prefixFiles is a prefix with something of everything that a listing looks at.
var prefixFiles = []string{
	"k/conda-meta/numpy-2.1.0-0.json", "k/conda-meta/python-3.12.1-0.json", "k/conda-meta/history", "k/condarc.d/site.yml", "k/.condarc", "k/kernel.yaml",
	"k/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA", "k/lib/python3.12/site-packages/six.py",
	"k/lib/python3.12/site-packages/mine.egg-link", "k/lib/R/library/sf/DESCRIPTION", "k/bin/python",
	"k/package_manifest.json",
}

func printOf(t *testing.T, root, salt string) string {
	t.Helper()
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	sum, err := condaenv.Fingerprint(fsys, "k", "kernel.yaml", salt)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func holds(t *testing.T, root, salt, mark string) bool {
	t.Helper()
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	return condaenv.FingerprintHolds(fsys, "k", "kernel.yaml", salt, mark)
}

func TestFingerprintSeesWhatAListingDependsOn(t *testing.T) {
	write := func(root, name, content string) error {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(content), 0o644)
	}
	remove := func(name string) func(string) error {
		return func(root string) error { return os.RemoveAll(filepath.Join(root, name)) }
	}
	edit := func(name string) func(string) error {
		return func(root string) error { return write(root, name, "edited") }
	}
	replaced := func(name string) func(string) error {
		return func(root string) error {
			if err := write(root, name+".new", "replaced"); err != nil {
				return err
			}
			return os.Rename(filepath.Join(root, name+".new"), filepath.Join(root, name))
		}
	}
	tests := map[string]struct {
		change func(root string) error
		seen   bool
	}{
		"nothing":                               {func(string) error { return nil }, false},
		"a record edited in place: not seen":    {edit("k/conda-meta/numpy-2.1.0-0.json"), false},
		"a record replaced":                     {replaced("k/conda-meta/numpy-2.1.0-0.json"), true},
		"a change that conda wrote down":        {edit("k/conda-meta/history"), true},
		"a record added":                        {edit("k/conda-meta/scipy-1-0.json"), true},
		"a record removed":                      {remove("k/conda-meta/numpy-2.1.0-0.json"), true},
		"the frozen file added":                 {edit("k/conda-meta/frozen"), true},
		"a setting edited":                      {edit("k/.condarc"), true},
		"a setting added":                       {edit("k/condarc"), true},
		"a setting in the folder edited":        {edit("k/condarc.d/site.yml"), true},
		"kernel.yaml edited":                    {edit("k/kernel.yaml"), true},
		"kernel.yaml removed":                   {remove("k/kernel.yaml"), true},
		"a distribution added":                  {edit("k/lib/python3.12/site-packages/x-1.dist-info/METADATA"), true},
		"a distribution replaced":               {func(root string) error { return replaceDir(filepath.Join(root, filepath.Dir(prefixFiles[6]))) }, true},
		"a distribution removed":                {remove("k/lib/python3.12/site-packages/six-1.16.0.dist-info"), true},
		"an egg-link edited in place: not seen": {edit("k/lib/python3.12/site-packages/mine.egg-link"), false},
		"a python that has no record":           {edit("k/lib/python3.13/site-packages/y-1.dist-info/METADATA"), false},
		"an R package added":                    {edit("k/lib/R/library/terra/DESCRIPTION"), true},
		"an R package replaced":                 {func(root string) error { return replaceDir(filepath.Join(root, "k/lib/R/library/sf")) }, true},
		"a site library":                        {edit("k/lib/R/site-library/terra/DESCRIPTION"), true},
		"a program edited":                      {edit("k/bin/python"), false},
		"our own manifest written":              {edit("k/package_manifest.json"), false},
		"a module edited":                       {edit("k/lib/python3.12/site-packages/six.py"), false},
		"a METADATA edited in place: not seen":  {edit("k/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for _, file := range prefixFiles {
				if err := write(root, file, strings.Repeat("x", 10)); err != nil {
					t.Fatal(err)
				}
			}
			before := printOf(t, root, "1")
			time.Sleep(20 * time.Millisecond) // clocks of file systems are coarse
			if err := test.change(root); err != nil {
				t.Fatal(err)
			}
			if after := printOf(t, root, "1"); (after != before) != test.seen {
				t.Errorf("seen: %v, want %v", after != before, test.seen)
			}
			if holds(t, root, "1", before) == test.seen {
				t.Error("FingerprintHolds says otherwise")
			}
		})
	}
}

// replaceDir puts a copy in place of a directory, as installers do.
func replaceDir(dir string) error {
	if err := os.CopyFS(dir+".new", os.DirFS(dir)); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(dir+".new", dir)
}

func TestFingerprintTakesInTheSalt(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "k", "conda-meta"), 0o755); err != nil {
		t.Fatal(err)
	}
	if printOf(t, root, "conda") == printOf(t, root, "files") {
		t.Error("two listers have one fingerprint")
	}
}

func TestNoForeignFingerprintHolds(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "k", "conda-meta"), 0o755); err != nil {
		t.Fatal(err)
	}
	mark := printOf(t, root, "1")
	if !holds(t, root, "1", mark) {
		t.Fatal("the fingerprint of a prefix without python does not hold")
	}
	for _, foreign := range []string{"", " ", "x", "x 3.12", mark + "3.12", mark + "../../..", strings.TrimSpace(mark), mark + "\xff"} {
		if holds(t, root, "1", foreign) {
			t.Errorf("%q holds", foreign)
		}
	}
	if holds(t, root, "2", mark) {
		t.Error("holds whatever the salt")
	}
}
