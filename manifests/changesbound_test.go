package manifests_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// However many kernels there are, and however long their names, the lists end
// and the counts do not.
func TestRunsAreBounded(t *testing.T) {
	dir := t.TempDir()
	var many, fewer []manifests.Manifest
	for i := range manifests.MaxListedKernels + 500 {
		many = append(many, kernel(fmt.Sprintf("R/k%05d/1", i), "4", "x 1 r"))
	}
	quietly(t, dir, later(0), many...)
	first := readChanges(t, dir).Runs[0]
	if first.AddedCount != len(many) || len(first.Added) != manifests.MaxListedKernels {
		t.Errorf("%d added, %d listed", first.AddedCount, len(first.Added))
	}
	quietly(t, dir, later(1), many[0])
	got := readChanges(t, dir)
	if r := got.Runs[0]; r.RemovedCount != len(many)-1 || len(r.Removed) != manifests.MaxListedKernels || len(got.Gone) != manifests.MaxGone {
		t.Errorf("%d removed, %d listed, %d gone", r.RemovedCount, len(r.Removed), len(got.Gone))
	}
	long := strings.Repeat("\x01", 255) // the longest name there is in JSON
	for i := range 1200 {
		fewer = append(fewer, with(kernel("R/x/1", "4"), func(m *manifests.Manifest) {
			m.Language, m.KernelName, m.KernelVersion = long[:250]+"L", long[:250]+fmt.Sprintf("%05d", i), long
		}))
	}
	quietly(t, dir, later(2), fewer...)
	quietly(t, dir, later(3), many[0])
	data := files(t, dir)[manifests.ChangesName]
	if got := readChanges(t, dir); len(data) > manifests.MaxChangesBytes || got.Runs[0].RemovedCount != 1200 || len(got.Runs[0].Removed) < 100 {
		t.Errorf("%d bytes, %d removed, %d listed", len(data), got.Runs[0].RemovedCount, len(got.Runs[0].Removed))
	}
}

// The packages of a changed kernel are the first, up to a number and a length.
func TestChangedPackagesAreBounded(t *testing.T) {
	dir := t.TempDir()
	version := func(v string, also ...string) manifests.Manifest {
		m := kernel("R/k/1", "4")
		for i := range 200 {
			m.Packages = append(m.Packages, pkg(fmt.Sprintf("p%03d %s r", i, v)))
		}
		for _, s := range also {
			m.Packages = append(m.Packages, pkg(s))
		}
		manifests.SortPackages(m.Packages)
		return m
	}
	quietly(t, dir, later(0), version("1"))
	quietly(t, dir, later(1), version("2"))
	k := readChanges(t, dir).Runs[0].Changed[0]
	if k.Counts.Changed != 200 || len(k.Packages) != manifests.MaxListedPackages || k.More() != 150 || k.Packages[0].Name != "p000" {
		t.Errorf("%+v, %d listed", k.Counts, len(k.Packages))
	}
	quietly(t, dir, later(2), version("3", "p001a "+strings.Repeat("9", 5<<20)+" r"))
	k = readChanges(t, dir).Runs[0].Changed[0]
	if k.Counts.Changed != 200 || k.Counts.Added != 1 || len(k.Packages) != 2 || k.More() != 199 {
		t.Errorf("%+v, %d listed", k.Counts, len(k.Packages))
	}
	// a text that has no room anywhere takes the kernel from the list, not from the count
	quietly(t, dir, later(3), with(version("3"), func(m *manifests.Manifest) { m.LanguageVersion = strings.Repeat("4", 2<<20) }))
	if r := readChanges(t, dir).Runs[0]; r.ChangedCount != 1 || len(r.Changed) != 0 {
		t.Errorf("%d changed, %d listed", r.ChangedCount, len(r.Changed))
	}
}

// The number of runs is bounded, and of long runs the oldest give way.
func TestOldRunsGiveWay(t *testing.T) {
	dir := t.TempDir()
	for n := range manifests.MaxRuns + 5 {
		quietly(t, dir, later(n), kernel(fmt.Sprintf("R/k/%d", n), "4"))
	}
	if got := readChanges(t, dir); len(got.Runs) != manifests.MaxRuns || got.Runs[0].Added[0].Version != fmt.Sprint(manifests.MaxRuns+4) {
		t.Errorf("%d runs", len(got.Runs))
	}
	var c manifests.Changes
	c.Gone = []manifests.GoneKernel{}
	for n := range 10 {
		r := manifests.Run{
			Generation: fmt.Sprintf("%032x", 100-n), Previous: fmt.Sprintf("%032x", 99-n), IndexedDate: "2026-01-31T04:05:06Z",
			TotalKernels: 1, ChangedCount: 1, Added: []manifests.AddedKernel{}, Removed: []manifests.KernelKey{},
			Changed: []manifests.ChangedKernel{{
				KernelKey: manifests.KernelKey{Language: "R", Name: "k", Version: "1"}, LanguageVersion: manifests.VersionChange{After: strings.Repeat("x", 1<<20)},
				Packages: []manifests.ChangedPackage{},
			}},
		}
		c.Runs = append(c.Runs, r)
	}
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := manifests.DecodeChanges(data)
	if err != nil || len(again.Runs) != 7 || again.Runs[0].Generation != c.Runs[0].Generation {
		t.Errorf("%d runs, %v", len(again.Runs), err)
	}
}

// What contradicts itself is refused, at writing and at reading.
func TestChangesRefused(t *testing.T) {
	dir := t.TempDir()
	quietly(t, dir, later(0), kernel("R/a/1", "4", "x 1 r"), kernel("R/b/1", "4", "x 1 r"), kernel("R/c/1", "4"), kernel("R/d/1", "4"))
	quietly(t, dir, later(1), kernel("R/a/1", "4", "x 2 r"), kernel("R/e/1", "4"), kernel("R/c/1", "4"))
	good := files(t, dir)[manifests.ChangesName]
	c := readChanges(t, dir)
	newest, oldest := c.Runs[0].Generation, c.Runs[1].Generation
	for name, edit := range map[string][2]string{
		"no runs":                 {`"runs":`, `"walks":`},
		"no gone":                 {`"gone":`, `"went":`},
		"null":                    {`"removed":[]`, `"removed":null`},
		"key twice":               {`{"runs":[`, `{"runs":[],"runs":[`},
		"not a generation":        {newest, "x"},
		"not a date":              {"2026-01-31T05:05:06Z", "2026-01-31 05:05:06"},
		"to itself":               {newest, oldest},
		"gap":                     {`"previous_generation":"` + oldest, `"previous_generation":"` + newest[:31] + "x"},
		"more listed":             {`"removed_count":2`, `"removed_count":1`},
		"fewer kernels":           {`"total_kernels":3`, `"total_kernels":1`},
		"too many kernels":        {`"total_kernels":3`, `"total_kernels":99999999`},
		"first with a removed":    {`"total_kernels":4,"added_count":4,"removed_count":0`, `"total_kernels":4,"added_count":4,"removed_count":1`},
		"first not all":           {`"total_kernels":4,"added_count":4`, `"total_kernels":5,"added_count":4`},
		"negative":                {`"package_count":0`, `"package_count":-1`},
		"overflow":                {`"changed_count":1`, `"changed_count":9223372036854775807`},
		"no name":                 {`"kernel_name":"e"`, `"kernel_name":""`},
		"a path":                  {`"kernel_name":"e"`, `"kernel_name":"../e"`},
		"kernel twice":            {`"kernel_name":"e"`, `"kernel_name":"a"`},
		"gone twice":              {`"kernel_name":"b","kernel_version":"1","last_seen"`, `"kernel_name":"d","kernel_version":"1","last_seen"`},
		"gone without date":       {`"last_seen":"2026-01-31T04:05:06Z"`, `"last_seen":""`},
		"unchanged":               {`"changed":1,"same":0}`, `"changed":0,"same":0}`},
		"package of other source": {`"source":"r"`, `"source":"brew"`},
		"no change":               {`"change":"changed"`, `"change":"same"`},
		"added with before":       {`"change":"changed"`, `"change":"added"`},
		"not an object":           {`{"runs"`, `[{"runs"`},
		"after":                   {"]}\n", "]}\n{}"},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if name == "after" {
			bad = good + "{}"
		}
		if bad == good {
			t.Errorf("%s: the edit does nothing", name)
		}
		if _, err := manifests.DecodeChanges([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if !refused(t, err) || len(err.Error()) > 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Runs[0].TotalKernels = 0
	if _, err := c.Encode(); err == nil {
		t.Error("written against the rules")
	}
	if _, err := manifests.DecodeChanges([]byte(strings.Replace(good, `{"runs"`, `{"new":{"a":[1]},"runs"`, 1))); err != nil {
		t.Errorf("an unknown field: %v", err)
	}
}

// An accepted document is within its bounds, and written again it is the same.
func FuzzDecodeChanges(f *testing.F) {
	data, err := os.ReadFile("testdata/" + manifests.ChangesName)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	seed(f, manifests.StatusName)
	f.Add([]byte(`{"runs":[],"gone":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := manifests.DecodeChanges(data)
		if refused(t, err) {
			return
		}
		first, err := c.Encode()
		if refused(t, err) {
			return // one run that is longer than all are when it is written
		}
		again, err := manifests.DecodeChanges(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := again.Encode()
		if err != nil || string(first) != string(second) {
			t.Fatalf("not stable: %v", err)
		}
		for _, r := range c.Runs {
			if len(c.Leading(r.Generation)) == 0 || len(r.Added) > r.AddedCount {
				t.Fatalf("%+v", r)
			}
		}
	})
}
