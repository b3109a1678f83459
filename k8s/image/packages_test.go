package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv"
	"kernelindexer/condaenv/corpus"
	"kernelindexer/k8s/image"
	"kernelindexer/rootfs"
	"kernelindexer/testrepo"
)

// TestImageListsAsConda packs every recorded prefix into an image and lists it there: the list must be one that the real
// conda gave, and the R library the one that the directory on disk gives.
func TestImageListsAsConda(t *testing.T) {
	cases, err := corpus.Load("../../condaenv/testdata/cases.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != 109 {
		t.Fatalf("%d cases, want 109", len(cases))
	}
	for _, c := range cases {
		if c.Nobody {
			continue // about permissions, which an image shows to root
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			check(c.Materialise(root))
			fsys := scanned(t, packTree(t, root)).FS
			got, err := condaenv.NewFiles(fsys, root).List(t.Context(), c.Target)
			if c.ExitCode != 0 {
				if err == nil {
					t.Errorf("listed %d packages, conda fails: %.200s", len(got.Packages), c.Expected)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v; conda lists", err)
			}
			compareWithConda(t, c, got.Packages)
			compareLibraries(t, root, fsys, c.Target)
		})
	}
}

func compareWithConda(t *testing.T, c *corpus.Case, got []condaenv.Package) {
	t.Helper()
	lists, err := c.Lists()
	check(err)
	var first string
	for _, list := range lists {
		want := make([]condaenv.Package, len(list))
		for i, p := range list {
			want[i] = condaenv.Package{Name: p.Name, Version: p.Version, Build: p.Build}
			if p.Channel != nil {
				want[i].Channel = *p.Channel
			}
		}
		diff := cmp.Diff(want, got)
		if diff == "" || len(want) == 0 && len(got) == 0 {
			return
		}
		first = cmpOr(first, diff)
	}
	t.Errorf("(-conda +image)\n%s", first)
}

func compareLibraries(t *testing.T, root string, fsys fs.FS, target string) {
	t.Helper()
	disk, err := rootfs.Open(root)
	check(err)
	defer disk.Close()
	want, wantErr := condaenv.Library(context.Background(), disk, target)
	got, gotErr := condaenv.Library(context.Background(), fsys, target)
	if (wantErr == nil) != (gotErr == nil) {
		t.Errorf("R library: %v in the image, %v on disk", gotErr, wantErr)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("R library (-disk +image)\n%s", diff)
	}
}

// packTree makes a tar of a directory. Links to places below it become links from the root, as in an image.
func packTree(t *testing.T, root string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		check(err)
		info, err := d.Info()
		check(err)
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err = os.Readlink(name)
			check(err)
			if rest, ok := strings.CutPrefix(target, root); ok {
				target = cmpOr(rest, "/")
			}
		}
		header, err := tar.FileInfoHeader(info, target)
		check(err)
		rel, err := filepath.Rel(root, name)
		check(err)
		header.Name, header.Format = rel, tar.FormatGNU
		check(w.WriteHeader(header))
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(name)
			check(err)
			_, err = w.Write(data)
			check(err)
		}
		return nil
	})
	check(err)
	check(w.Close())
	return buf.Bytes()
}

func scanned(t *testing.T, l ...[]byte) *image.Contents {
	t.Helper()
	contents, err := look(t, docker(saved{layers: l, names: []string{"env:1"}}).tar(), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

// TestPackagesOfKernels packs the kernels of the demonstration repository into images, at two places and in two layers,
// and finds what is on disk.
func TestPackagesOfKernels(t *testing.T) {
	root := t.TempDir()
	check(testrepo.Sample(root))
	disk, err := rootfs.Open(root)
	check(err)
	defer disk.Close()
	dirs, err := filepath.Glob(filepath.Join(root, "*", "*", "*", "conda-meta"))
	check(err)
	var want []string
	for _, d := range dirs {
		rel, err := filepath.Rel(root, filepath.Dir(d))
		check(err)
		if info, err := os.Lstat(filepath.Join(d, "history")); err == nil && info.Mode().IsRegular() && !linked(root, rel) {
			want = append(want, rel)
		}
	}
	if len(want) < 10 {
		t.Fatalf("only %d kernels", len(want))
	}
	found, err := image.Packages(t.Context(), scanned(t, packTree(t, root)).FS)
	check(err)
	byPath := map[string]image.Prefix{}
	for _, p := range found {
		byPath[p.Path[1:]] = p
	}
	for _, rel := range want {
		p, ok := byPath[rel]
		if !ok || p.Kind != image.CondaPrefix || p.Error != "" {
			t.Errorf("%s: found %t, kind %s, error %s", rel, ok, p.Kind, p.Error)
			continue
		}
		conda, err := condaenv.NewFiles(disk, "/").List(t.Context(), rel)
		check(err)
		library, err := condaenv.Library(t.Context(), disk, rel)
		check(err)
		if diff := cmp.Diff(append(conda.Packages, library.Packages...), plainRows(p.Packages)); diff != "" {
			t.Errorf("%s (-disk +image)\n%s", rel, diff)
		}
	}
}

// linked reports whether a part of the path is a link.
func linked(root, rel string) bool {
	real, err := filepath.EvalSymlinks(filepath.Join(root, rel))
	check(err)
	return real != filepath.Join(root, rel)
}

func plainRows(list []image.Package) []condaenv.Package {
	rows := make([]condaenv.Package, len(list))
	for i, p := range list {
		rows[i] = condaenv.Package{Name: p.Name, Version: p.Version, Build: p.Build, Channel: p.Channel}
	}
	return rows
}

// TestPackagesOutsideOfConda finds a system Python, Debian's, a virtual environment and an R library, and passes over
// what lies in a conda prefix or a package cache.
func TestPackagesOutsideOfConda(t *testing.T) {
	record := `{"name":"zlib","version":"1.3","build":"h0_0","build_number":0,"channel":"https://conda.anaconda.org/conda-forge/linux-64","depends":[],"constrains":[],"files":[],"fn":"zlib-1.3-h0_0.conda","url":"https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3-h0_0.conda","subdir":"linux-64"}`
	meta := func(name, version string) string {
		return "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"
	}
	fsys := lookInto(t, []entry{
		file("usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/METADATA", meta("pip", "24.0")),
		file("usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/RECORD", "pip/__init__.py,,\n"),
		file("usr/local/lib/python3.11/site-packages/Flask_Cors-1.0.dist-info/METADATA", meta("Flask-Cors", "1.0")),
		file("usr/local/lib/python3.11/site-packages/Flask_Cors-1.0.dist-info/RECORD", ""),
		file("usr/lib/python3/dist-packages/six-1.16.0.egg-info", meta("six", "1.16.0")),
		file("opt/venv/lib/python3.12/site-packages/bad-1.dist-info/METADATA", "Name: bad\n"),
		file("opt/venv/lib/python3.12/site-packages/empty.txt", ""),
		file("usr/lib/python3.11/site-packages/README", ""),
		file("usr/lib/R/library/base/DESCRIPTION", "Package: base\nVersion: 4.4.1\n"),
		file("usr/lib/R/library/base/Meta/package.rds", "not an rds"),
		file("usr/share/library/x", ""),
		file("opt/conda/conda-meta/history", ""), file("opt/conda/conda-meta/zlib-1.3-h0_0.json", record),
		file("opt/conda/lib/python3.9/site-packages/left-1.dist-info/METADATA", meta("left", "1")),
		file("opt/conda/envs/e/conda-meta/history", ""),
		file("opt/conda/envs/broken/conda-meta/history", ""), file("opt/conda/envs/broken/conda-meta/zlib-1.3-h0_0.json", "{"),
		file("opt/conda/envs/none/conda-meta/x.json", "{}"),
		file("root/.mamba/pkgs/urls.txt", ""), file("root/.mamba/pkgs/a/site-packages/a-1.dist-info/METADATA", meta("a", "1")),
		link("conda", "opt/conda"),
	}).FS
	got, err := image.Packages(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	var summary []string
	for _, p := range got {
		line := string(p.Kind) + " " + p.Path
		for _, pkg := range p.Packages {
			line += " " + pkg.Name + "=" + pkg.Version + "(" + string(pkg.Source) + ")"
		}
		if p.Error != "" {
			line += " error"
		}
		if len(p.Warnings) > 0 {
			line += " warned"
		}
		summary = append(summary, line)
	}
	want := []string{
		"conda /opt/conda zlib=1.3(conda)",
		"conda /opt/conda/envs/broken error",
		"conda /opt/conda/envs/e",
		"python /opt/venv/lib/python3.12/site-packages warned",
		"r /usr/lib/R/library warned",
		"python /usr/lib/python3/dist-packages six=1.16.0(python)",
		"python /usr/local/lib/python3.11/site-packages flask-cors=1.0(python) pip=24.0(python)",
	}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Error("(-want +got)\n", diff)
	}
}

// TestTooManyPlaces: the rest is left out, and said to be.
func TestTooManyPlaces(t *testing.T) {
	var entries []entry
	for _, a := range "abcdefghijklmnopqrst" {
		for _, b := range "abcdefghijkl" {
			entries = append(entries, file(string(a)+"/"+string(b)+"/conda-meta/history", ""))
		}
	}
	got, err := image.Packages(t.Context(), lookInto(t, entries).FS)
	if err != nil || len(got) != 201 || !strings.Contains(got[200].Error, "too many") {
		t.Errorf("%d places, %v", len(got), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := image.Packages(ctx, lookInto(t, entries).FS); err == nil {
		t.Error("a cancelled search is no error")
	}
	if !slices.IsSortedFunc(got, func(a, b image.Prefix) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("not sorted")
	}
}
