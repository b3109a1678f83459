package testrepo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/matchspec"
	"kernelindexer/testrepo"
)

// TestSample makes the sample once and looks at it from all sides.
func TestSample(t *testing.T) {
	root := t.TempDir()
	if err := testrepo.Sample(root); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]record{}
	for _, k := range kernels(t, root) {
		all[k] = readRecords(t, filepath.Join(root, k))
	}
	t.Run("has the kernels", func(t *testing.T) { sampleKernels(t, root, all) })
	t.Run("is consistent", func(t *testing.T) { sampleConsistent(t, root, all) })
	t.Run("answers find", func(t *testing.T) { sampleAnswersFind(t, all) })
	t.Run("has changes between versions", func(t *testing.T) { sampleChanges(t, all) })
	t.Run("has R libraries", func(t *testing.T) { sampleLibraries(t, root, all) })
	t.Run("has what lies about", func(t *testing.T) { sampleStrays(t, root) })
	t.Run("is the same again", func(t *testing.T) {
		again := t.TempDir()
		if err := testrepo.Sample(again); err != nil {
			t.Fatal(err)
		}
		if treeHash(t, root) != treeHash(t, again) {
			t.Error("two samples differ")
		}
	})
	t.Run("does not overwrite", func(t *testing.T) {
		if err := testrepo.Sample(root); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("error %v, want one about a folder that is not empty", err)
		}
	})
}

func sampleKernels(t *testing.T, root string, all map[string]map[string]record) {
	want := []string{
		"Julia/base/1.10",
		"Python/astro/1.0", "Python/bio/0.9", "Python/datascience/2024.06", "Python/datascience/2025.02",
		"Python/geo/1.2", "Python/pytorch/2.3", "Python/pytorch/2.7", "Python/tensorflow/2.16",
		"R/bioconductor/3.20", "R/ctmm/0.1", "R/pecan/1.9", "R/pecan/1.91", "R/tidyverse/4.4",
	}
	if diff := cmp.Diff(want, kernels(t, root)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	channels := map[string]bool{}
	sorted := 0
	for k, records := range all {
		if len(records) < 40 || len(records) > 250 {
			t.Errorf("%s has %d packages", k, len(records))
		}
		for _, r := range records {
			channels[strings.TrimSuffix(strings.TrimSuffix(r.Channel, "/linux-64"), "/noarch")] = true
			if strings.HasPrefix(string(r.raw), "{\n  \"arch\"") {
				sorted++
			}
		}
	}
	for _, c := range []string{"conda-forge", "bioconda", "pytorch", "nvidia"} {
		if !channels["https://conda.anaconda.org/"+c] {
			t.Errorf("nothing comes from %s", c)
		}
	}
	if !channels["https://repo.anaconda.com/pkgs/main"] {
		t.Error("nothing comes from defaults")
	}
	if total := countRecords(all); sorted == 0 || sorted == total {
		t.Errorf("%d of %d records have sorted keys, want some", sorted, total)
	}
}

func countRecords(all map[string]map[string]record) (n int) {
	for _, records := range all {
		n += len(records)
	}
	return n
}

func sampleConsistent(t *testing.T, root string, all map[string]map[string]record) {
	foreign, editable := 0, 0
	for k, records := range all {
		checkDepends(t, k, records)
		owned, others := checkDistInfos(t, filepath.Join(root, k), records)
		if strings.HasPrefix(k, "Python/") && owned < 30 && k != "Python/tensorflow/2.16" {
			t.Errorf("%s has %d dist-infos of conda", k, owned)
		}
		foreign += others
		for _, file := range glob(t, filepath.Join(root, k), "lib/python*/site-packages/*/direct_url.json") {
			if data, _ := os.ReadFile(file); strings.Contains(string(data), `"editable": true`) {
				editable++
			}
		}
	}
	if foreign < 50 || editable != 1 {
		t.Errorf("%d distributions of pip, %d of them editable", foreign, editable)
	}
}

// sampleAnswersFind asks for numpy>=2 and scipy: there are kernels with both,
// near misses that lack either.
func sampleAnswersFind(t *testing.T, all map[string]map[string]record) {
	got := map[string][]string{}
	for k, records := range all {
		numpy, ok := records["numpy"]
		if !ok {
			continue
		}
		_, scipy := records["scipy"]
		key := fmt.Sprintf("numpy>=2 %v, scipy %v", meets(t, "numpy>=2", numpy), scipy)
		got[key] = append(got[key], k)
	}
	for _, kernels := range got {
		slices.Sort(kernels)
	}
	want := map[string][]string{
		"numpy>=2 true, scipy true":   {"Python/datascience/2025.02", "Python/geo/1.2"},
		"numpy>=2 true, scipy false":  {"Python/pytorch/2.7"},
		"numpy>=2 false, scipy true":  {"Python/astro/1.0", "Python/bio/0.9", "Python/datascience/2024.06", "Python/pytorch/2.3"},
		"numpy>=2 false, scipy false": {"R/pecan/1.9", "R/pecan/1.91"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func meets(t *testing.T, text string, r record) bool {
	t.Helper()
	spec, err := matchspec.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	ok, err := spec.Match(&matchspec.Record{Name: r.Name, Version: r.Version, Build: r.Build})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func sampleChanges(t *testing.T, all map[string]map[string]record) {
	old, current := all["R/pecan/1.9"], all["R/pecan/1.91"]
	got := map[string][]string{}
	for name, was := range old {
		is, ok := current[name]
		switch {
		case !ok:
			got["removed"] = append(got["removed"], name)
		case is.Version != was.Version && meets(t, name+">"+was.Version, is):
			got["upgraded"] = append(got["upgraded"], name)
		case is.Version != was.Version:
			got["downgraded"] = append(got["downgraded"], name)
		case is.Build != was.Build:
			got["rebuilt"] = append(got["rebuilt"], name)
		}
	}
	for name := range current {
		if _, ok := old[name]; !ok {
			got["added"] = append(got["added"], name)
		}
	}
	for _, names := range got {
		slices.Sort(names)
	}
	want := map[string][]string{
		"added":      {"r-doparallel", "r-gbm", "r-rcpparmadillo"},
		"removed":    {"jags", "r-rjags", "r-udunits2"},
		"upgraded":   {"r-data.table", "r-ggplot2", "r-lme4", "r-terra", "r-xts"},
		"downgraded": {"r-matrix"},
		"rebuilt":    {"r-base", "r-ncdf4", "r-sf", "r-zoo"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func sampleLibraries(t *testing.T, root string, all map[string]map[string]record) {
	for k, records := range all {
		if !strings.HasPrefix(k, "R/") {
			continue
		}
		library := filepath.Join(root, k, "lib/R/library")
		if got := version(t, library, "base"); got != records["r-base"].Version {
			t.Errorf("%s: base is %s, r-base %s", k, got, records["r-base"].Version)
		}
		if _, err := os.Stat(filepath.Join(library, "translations/Meta")); err == nil {
			t.Errorf("%s: translations is no package", k)
		}
	}
	forms := []struct{ kernel, record, conda, folder, r string }{
		{"R/pecan/1.91", "r-sf", "1.0_14", "sf", "1.0-14"},
		{"R/pecan/1.9", "r-mass", "7.3_60.0.1", "MASS", "7.3-60.0.1"},
		{"R/pecan/1.91", "r-mgcv", "1.9_1", "mgcv", "1.9-3"}, // install.packages after conda.
		{"R/pecan/1.9", "", "", "PEcAn.all", "1.9.0"},
		{"R/bioconductor/3.20", "bioconductor-deseq2", "1.46.0", "DESeq2", "1.46.0"},
	}
	for _, f := range forms {
		if got := all[f.kernel][f.record].Version; got != f.conda {
			t.Errorf("%s: record %s is %q, want %q", f.kernel, f.record, got, f.conda)
		}
		if got := version(t, filepath.Join(root, f.kernel, "lib/R/library"), f.folder); got != f.r {
			t.Errorf("%s: package %s is %q, want %q", f.kernel, f.folder, got, f.r)
		}
	}
}

// version returns the version in a DESCRIPTION, and checks that package.rds has
// it as well.
func version(t *testing.T, library, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(library, folder, "DESCRIPTION"))
	if err != nil {
		t.Fatal(err)
	}
	rds, err := os.ReadFile(filepath.Join(library, folder, "Meta/package.rds"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parseDescription(string(text)) {
		if f.Name == "Version" {
			if !strings.Contains(string(gunzip(t, rds)), f.Value) {
				t.Errorf("%s: package.rds does not say %s", folder, f.Value)
			}
			return f.Value
		}
	}
	return ""
}

func sampleStrays(t *testing.T, root string) {
	if target, err := os.Readlink(filepath.Join(root, "R/pecan/latest")); err != nil || target != "1.91" {
		t.Errorf("latest is %q (%v)", target, err)
	}
	for _, name := range []string{"README.txt", ".snapshot/daily.0", "R/.staging/pecan/2.0/conda-meta/history"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	described, defaults, deprecated := 0, 0, 0
	for _, file := range glob(t, root, "*/*/*/kernel.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "/latest/") {
			continue
		}
		described++
		defaults += strings.Count(string(data), "\ndefault: true\n")
		deprecated += strings.Count(string(data), "\ndeprecated: ")
	}
	if described < 3 || described == 14 || defaults < 1 || deprecated != 1 {
		t.Errorf("%d kernels with a description, %d default, %d deprecated", described, defaults, deprecated)
	}
}
