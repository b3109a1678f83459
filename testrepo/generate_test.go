package testrepo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"kernelindexer/testrepo"
)

func generate(t *testing.T, spec testrepo.Spec) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	if err := testrepo.Generate(dir, spec); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGenerateMakesTheSameForASeed(t *testing.T) {
	spec := testrepo.Spec{Kernels: 5, Packages: 30, MetaBytes: 200_000, Language: "mixed", Seed: 3}
	want := treeHash(t, generate(t, spec))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if got := treeHash(t, generate(t, spec)); got != want {
		t.Error("one processor makes another repository than several")
	}
	spec.Seed = 4
	if got := treeHash(t, generate(t, spec)); got == want {
		t.Error("another seed makes the same repository")
	}
}

func TestGenerateMeetsTheSpec(t *testing.T) {
	tests := []testrepo.Spec{
		{Kernels: 2, Packages: 300, MetaBytes: 8 << 20, Language: "mixed", Seed: 1},
		{Kernels: 8, Packages: 20, MetaBytes: 60_000, Language: "mixed", Seed: 2},
		{Kernels: 3, Packages: 10, MetaBytes: 100_000, Language: "Python", Seed: 1},
		{Kernels: 3, Packages: 10, MetaBytes: 100_000, Language: "R", Seed: 1},
	}
	for _, spec := range tests {
		root := generate(t, spec)
		found := kernels(t, root)
		if len(found) != spec.Kernels {
			t.Errorf("%+v: %d kernels", spec, len(found))
		}
		for _, k := range found {
			prefix := filepath.Join(root, k)
			records := readRecords(t, prefix)
			checkDepends(t, k, records)
			checkSize(t, k, spec, records)
			if strings.HasPrefix(k, "R/") {
				checkR(t, prefix, spec, records)
			} else {
				checkPython(t, prefix, spec, records)
			}
		}
	}
}

// checkSize checks the sum of the sizes, and in kernels of realistic size their
// distribution: few records from one megabyte on, most of 5 to 50 kilobytes.
func checkSize(t *testing.T, k string, spec testrepo.Spec, records map[string]record) {
	t.Helper()
	var sum int64
	var sizes []int
	for _, r := range records {
		sum += int64(len(r.raw))
		sizes = append(sizes, len(r.raw))
	}
	if off := spec.MetaBytes - sum; off < -spec.MetaBytes/1000 || off > 500+spec.MetaBytes/1000 {
		t.Errorf("%s: %d bytes of conda-meta, want %d", k, sum, spec.MetaBytes)
	}
	if spec.MetaBytes < 8<<20 {
		return
	}
	slices.Sort(sizes)
	large, middling := 0, 0
	for _, n := range sizes {
		if n >= 1_000_000 {
			large++
		}
		if n >= 5_000 && n <= 50_000 {
			middling++
		}
	}
	if large < 1 || large > 4 || sizes[len(sizes)-1] > 2_500_000 || middling < len(sizes)*7/10 {
		t.Errorf("%s: %d records of 1 MB and more, the largest of %d bytes, %d of %d of 5 to 50 kB",
			k, large, sizes[len(sizes)-1], middling, len(sizes))
	}
}

func checkPython(t *testing.T, prefix string, spec testrepo.Spec, records map[string]record) {
	t.Helper()
	owned, foreign := checkDistInfos(t, prefix, records)
	if len(records)+foreign != spec.Packages || owned != spec.Packages*60/100 || foreign != spec.Packages*5/100 {
		t.Errorf("%s: %d records, %d dist-infos of conda, %d of pip; want %d packages, 60%%, 5%%",
			prefix, len(records), owned, foreign, spec.Packages)
	}
}

func checkR(t *testing.T, prefix string, spec testrepo.Spec, records map[string]record) {
	t.Helper()
	folders := glob(t, prefix, "lib/R/library/*/Meta/package.rds")
	if want := max(spec.Packages, 14); len(records) != spec.Packages || len(folders) != want {
		t.Errorf("%s: %d records, %d packages in the library, want %d and %d", prefix, len(records), len(folders), spec.Packages, want)
	}
	for _, r := range records {
		for _, f := range r.Files {
			if strings.HasSuffix(f, "/Meta/package.rds") {
				if _, err := os.Stat(filepath.Join(prefix, f)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestGenerateSharesNoContentUnlessAsked(t *testing.T) {
	spec := testrepo.Spec{Kernels: 60, Packages: 10, MetaBytes: 40_000, Language: "mixed", Seed: 1}
	for _, share := range []bool{false, true} {
		spec.Share = share
		root := generate(t, spec)
		if n := len(kernels(t, root)); n != spec.Kernels {
			t.Errorf("share %v: %d kernels", share, n)
		}
		links, inodes := map[uint64]int{}, map[string]int{}
		for _, file := range glob(t, root, "*/*/*/conda-meta/*.json") {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			links[info.Sys().(*syscall.Stat_t).Ino]++
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			inodes[string(data)]++
		}
		for content, n := range inodes {
			if !share && n > 1 {
				t.Errorf("%d kernels have the same record\n%.300s", n, content)
			}
		}
		if linked := slices.Max(mapValues(links)); (linked > 1) != share {
			t.Errorf("share %v: up to %d names of one file", share, linked)
		}
	}
}

func mapValues(m map[uint64]int) []int {
	var list []int
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func TestGenerateMakesVersionsThatDiffer(t *testing.T) {
	root := generate(t, testrepo.Spec{Kernels: 2, Packages: 100, MetaBytes: 500_000, Language: "Python", Seed: 1})
	list := kernels(t, root)
	if len(list) != 2 || filepath.Dir(list[0]) != filepath.Dir(list[1]) {
		t.Fatalf("want two versions of one kernel, not %v", list)
	}
	old, current := readRecords(t, filepath.Join(root, list[0])), readRecords(t, filepath.Join(root, list[1]))
	upgraded := 0
	for name, was := range old {
		if is, ok := current[name]; !ok {
			t.Errorf("%s is gone", name)
		} else if is.Version != was.Version {
			upgraded++
		}
	}
	if upgraded < 15 || upgraded > 60 {
		t.Errorf("%d of %d packages have another version", upgraded, len(old))
	}
}

func TestGenerateRefuses(t *testing.T) {
	good := testrepo.Spec{Kernels: 1, Packages: 10, MetaBytes: 40_000, Language: "R", Seed: 1}
	tests := map[string]struct {
		change func(*testrepo.Spec)
		want   string
	}{
		"no kernels":        {func(s *testrepo.Spec) { s.Kernels = 0 }, "at least one kernel"},
		"few packages":      {func(s *testrepo.Spec) { s.Packages = 9 }, "at least 10 packages"},
		"another language":  {func(s *testrepo.Spec) { s.Language = "Julia" }, `not "Julia"`},
		"few bytes":         {func(s *testrepo.Spec) { s.MetaBytes = 1000 }, "need at least"},
		"too many to share": {func(s *testrepo.Spec) { s.Share, s.Kernels = true, 2_000_000 }, "can share"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			spec := good
			tt.change(&spec)
			if err := testrepo.Generate(t.TempDir(), spec); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	t.Run("a file in the way", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := testrepo.Generate(filepath.Join(file, "dir"), good); !errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want one of the file system", err)
		}
	})
}
