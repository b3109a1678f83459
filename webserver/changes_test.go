package webserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// newChangingSite starts a server without files; see publish.
func newChangingSite(t testing.TB) *site { return newSite(t, "") }

// publish publishes kernels as the indexer does, some hours before testNow, and has them read.
func (s *site) publish(run int, kernels ...manifests.Manifest) {
	s.t.Helper()
	slices.SortFunc(kernels, func(a, b manifests.Manifest) int { return strings.Compare(a.Key().String(), b.Key().String()) })
	dir, err := manifests.OpenDir(s.dir, manifests.Atomic)
	if err != nil {
		s.t.Fatal(err)
	}
	defer dir.Close()
	_, err = dir.PublishWithChanges(s.t.Context(), func(yield func(manifests.Entry, error) bool) {
		for _, k := range kernels {
			if !yield(manifests.NewEntry(k), nil) {
				return
			}
		}
	}, runTime(run), manifests.ChangeRules{
		Kernels:  func(a, b manifests.KernelKey) int { return strings.Compare(a.String(), b.String()) },
		Versions: strings.Compare, Warn: func(err error) { s.t.Error(err) },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.refresh()
}

// runTime is when a run was.
func runTime(run int) time.Time { return testNow.Add(time.Duration(run-300) * time.Minute) }

// made makes a kernel of language/name/version with R packages "name version".
func made(path string, packages ...string) manifests.Manifest {
	f := strings.Split(path, "/")
	m := manifests.Manifest{
		Language: f[0], KernelName: f[1], KernelVersion: f[2], LanguageVersion: "4.4", IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: "v1",
		Packages: []manifests.Package{},
	}
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		m.Packages = append(m.Packages, manifests.Package{Name: name, Version: version, Source: manifests.SourceR})
	}
	return m
}

// story publishes four runs: a first one, an upgrade, a kernel that goes, and one that comes.
func (s *site) story() {
	s.publish(1, made("R/pecan/1.9", "Rcpp 1.0", "sf 1.2"), made("R/pecan/1.10", "sf 1.2"), made("Python/astro/1.0"))
	s.publish(2, made("R/pecan/1.9", "Rcpp 1.1", "sf 1.1"), made("R/pecan/1.10", "sf 1.2"), made("Python/astro/1.0"))
	s.publish(3, made("R/pecan/1.10", "sf 1.2"), made("Python/astro/1.0"))
	s.publish(4, made("R/pecan/1.10", "sf 1.2"), made("R/pecan/2.0"), made("Python/astro/1.0"))
}

type changeList struct {
	Total int
	Runs  []manifests.Run
}

func (s *site) changes(target string) (changeList, http.Header) {
	s.t.Helper()
	w := s.get(http.StatusOK, target)
	var l changeList
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
		s.t.Fatal(err)
	}
	return l, w.Header()
}

// The runs that led to what is served, the newest first, in parts, of all kernels or of some.
func TestChangesAreListed(t *testing.T) {
	s := newChangingSite(t)
	s.story()
	all, _ := s.changes("/api/v1/changes")
	if all.Total != 4 || len(all.Runs) != 4 || all.Runs[0].AddedCount != 1 || all.Runs[3].Previous != "" || all.Runs[3].TotalKernels != 3 {
		t.Errorf("%+v", all)
	}
	part, header := s.changes("/api/v1/changes?limit=1&offset=1")
	diff(t, "part", all.Runs[1:2], part.Runs)
	if got := header.Get("Link"); got != `</api/v1/changes?limit=1&offset=2>; rel="next", </api/v1/changes?limit=1&offset=0>; rel="prev"` {
		t.Errorf("Link %s", got)
	}
	if got := header.Get("X-Total-Count"); got != "4" {
		t.Errorf("X-Total-Count %s", got)
	}
	if beyond, _ := s.changes("/api/v1/changes?offset=9"); beyond.Total != 4 || len(beyond.Runs) != 0 {
		t.Errorf("%+v", beyond)
	}
	for kernel, want := range map[string]int{
		"R/pecan": 4, "R/pecan/1.9": 3, "R/pecan/2.0": 1, "Python/astro": 1, "/R/pecan/1.9/": 3, "R/nothing": 0, "r/pecan": 0, "": 4,
	} {
		if l, _ := s.changes("/api/v1/changes?kernel=" + kernel); l.Total != want {
			t.Errorf("%s: %d runs, want %d", kernel, l.Total, want)
		}
	}
	some, _ := s.changes("/api/v1/changes?kernel=R/pecan/1.9&limit=1")
	if r := some.Runs[0]; r.RemovedCount != 1 || r.AddedCount != 0 || r.Removed[0].Version != "1.9" {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"R", "R/a/b/c", "/", "R//1", "//"} {
		w := s.get(http.StatusUnprocessableEntity, "/api/v1/changes?kernel="+bad)
		if !strings.Contains(w.Body.String(), `"not_a_kernel"`) {
			t.Errorf("%s: %s", bad, w.Body)
		}
	}
	newSite(t, "").get(http.StatusServiceUnavailable, "/api/v1/changes")
}

// Where nothing is known of changes, everything else is there.
func TestWithoutChanges(t *testing.T) {
	for name, spoil := range map[string]func(*site){
		"missing": func(s *site) { s.remove(manifests.ChangesName) },
		"bad":     func(s *site) { s.write(manifests.ChangesName, `{"runs":[{}],"gone":[]}`) },
		"elsewhere": func(s *site) { // a document of other generations
			data, err := os.ReadFile(filepath.Join(s.dir, manifests.ChangesName))
			if err != nil {
				s.t.Fatal(err)
			}
			first, _ := s.changes("/api/v1/changes?limit=1")
			s.write(manifests.ChangesName, strings.Replace(string(data), first.Runs[0].Generation, strings.Repeat("0", 32), 1))
		},
	} {
		s := newChangingSite(t)
		s.story()
		spoil(s)
		s.refresh()
		if l, _ := s.changes("/api/v1/changes"); l.Total != 0 || l.Runs == nil {
			t.Errorf("%s: %+v", name, l)
		}
		s.page(http.StatusOK, "/changes")
		s.get(http.StatusOK, "/feed.atom")
		s.page(http.StatusOK, "/kernels/R/pecan")
		if name != "elsewhere" {
			s.get(http.StatusNotFound, "/api/v1/kernels/R/pecan/1.9")
			s.get(http.StatusNotFound, "/data/index_changes.json")
		}
		if name == "bad" {
			s.remove(manifests.ChangesName) // or the indexer would warn
		}
		s.story()
		if l, _ := s.changes("/api/v1/changes"); l.Total == 0 {
			t.Errorf("%s: nothing is known of later runs", name)
		}
	}
}

// The document is served as it is on disk.
func TestChangesDocument(t *testing.T) {
	s := newChangingSite(t)
	s.get(http.StatusNotFound, "/data/index_changes.json")
	s.story()
	want, err := os.ReadFile(filepath.Join(s.dir, manifests.ChangesName))
	if err != nil {
		t.Fatal(err)
	}
	w := s.get(http.StatusOK, "/data/index_changes.json")
	diff(t, "document", string(want), w.Body.String())
	diff(t, "Last-Modified", runTime(4).Format(http.TimeFormat), w.Header().Get("Last-Modified"))
	s.get(http.StatusNotModified, "/data/index_changes.json", "If-None-Match: "+w.Header().Get("ETag"))
	if part := s.ask(http.MethodGet, "/data/index_changes.json", "Range: bytes=0-8"); part.Code != http.StatusPartialContent || part.Body.String() != string(want[:9]) {
		t.Errorf("%d %s", part.Code, part.Body)
	}
}

// The page lists the runs and says what will be there when there are none; home and the pages of a kernel show the last
// of them.
func TestChangesPage(t *testing.T) {
	s := newChangingSite(t)
	s.publish(0)
	p := s.page(http.StatusOK, "/changes")
	if !slices.ContainsFunc(p.words, func(w string) bool { return strings.Contains(w, "Here will be what each run of") }) &&
		!slices.Contains(p.words, "First index: 0 kernels") {
		t.Errorf("%q", p.words)
	}
	s = newChangingSite(t)
	s.story()
	p = s.page(http.StatusOK, "/changes")
	for _, want := range []string{
		"R/pecan/2.0 added", "R/pecan/1.9 removed", "R/pecan/1.9 changed", "First index: 3 kernels",
		"upgraded Rcpp (r) 1.0 → 1.1", "downgraded sf (r) 1.2 → 1.1", "; 2 packages changed", "Added: 1 kernel",
	} {
		if !slices.Contains(p.words, want) {
			t.Errorf("no %q in %q", want, p.words)
		}
	}
	for _, link := range []string{"/feed.atom", "/kernels/R/pecan/2.0", "/api/v1/changes?limit=1&offset=1", "/api/v1/changes"} {
		if !slices.Contains(p.links, link) {
			t.Errorf("no link %s in %q", link, p.links)
		}
	}
	if slices.Contains(p.links, "/kernels/R/pecan/1.9") {
		t.Error("a link to a kernel that is gone")
	}
	home := s.page(http.StatusOK, "/")
	if !slices.Contains(home.words, "Recent changes") || !slices.Contains(home.words, "R/pecan/2.0 added") || !slices.Contains(home.links, "/changes") {
		t.Errorf("home: %q", home.words)
	}
	family := s.page(http.StatusOK, "/kernels/R/pecan")
	if !slices.Contains(family.words, "R/pecan/1.9 removed") || !slices.Contains(family.links, "/kernels/R/pecan/feed.atom") {
		t.Errorf("family: %q", family.words)
	}
	version := s.page(http.StatusOK, "/kernels/R/pecan/2.0")
	if !slices.Contains(version.words, "R/pecan/2.0 added") || slices.Contains(version.words, "R/pecan/1.9 removed") {
		t.Errorf("version: %q", version.words)
	}
	one := s.page(http.StatusOK, "/changes?kernel=R/pecan/1.9")
	if slices.Contains(one.words, "R/pecan/2.0 added") || !slices.Contains(one.words, "R/pecan/1.9 changed") {
		t.Errorf("one kernel: %q", one.words)
	}
	if bad := s.page(http.StatusOK, "/changes?kernel=R"); !slices.Contains(bad.words, "⚠ Not a kernel:") || !slices.Contains(bad.words, "R/pecan/2.0 added") {
		t.Errorf("no kernel: %q", bad.words)
	}
	none := s.page(http.StatusOK, "/changes?kernel=R/other")
	if !slices.ContainsFunc(none.words, func(w string) bool { return strings.HasPrefix(w, "No run that is remembered changed this kernel.") }) {
		t.Errorf("another kernel: %q", none.words)
	}
}

// Every run has an id of its own that links lead to, also one that took back what the run before did.
func TestRunsThatTakeBack(t *testing.T) {
	s := newChangingSite(t)
	a, b := made("R/a/1"), made("R/b/1")
	for run := range 6 {
		s.publish(run, [][]manifests.Manifest{{a}, {b}}[run%2]...)
	}
	if l, _ := s.changes("/api/v1/changes"); l.Total != 6 {
		t.Errorf("%d runs", l.Total)
	}
	ids := s.page(http.StatusOK, "/changes").ids // page checks that none is there twice
	n := 0
	for _, link := range s.page(http.StatusOK, "/").links {
		if _, id, ok := strings.Cut(link, "/changes#"); ok {
			n++
			if !slices.Contains(ids, id) {
				t.Errorf("%s leads nowhere", link)
			}
		}
	}
	if n != 5 {
		t.Errorf("home shows %d runs", n)
	}
}

// However much there is to tell, pages and feeds stay small.
func TestPagesOfManyChanges(t *testing.T) {
	s := newChangingSite(t)
	s.publish(1, made("R/k001/1"))
	served, _ := s.changes("/api/v1/changes")
	known := manifests.Changes{Gone: []manifests.GoneKernel{}}
	for run := range 55 {
		r := manifests.Run{
			Generation: fmt.Sprintf("%032x", 100-run), Previous: fmt.Sprintf("%032x", 99-run), IndexedDate: manifests.FormatTime(runTime(-run)),
			TotalKernels: 25, ChangedCount: 25, Added: []manifests.AddedKernel{}, Removed: []manifests.KernelKey{},
		}
		if run == 0 {
			r.Generation = served.Runs[0].Generation
		}
		for i := range 25 {
			k := manifests.ChangedKernel{
				KernelKey: manifests.KernelKey{Language: "R", Name: fmt.Sprintf("k%03d", i), Version: "1"},
				Counts:    manifests.PackageCounts{Changed: 25},
			}
			for p := range 25 {
				k.Packages = append(k.Packages, manifests.ChangedPackage{
					Change: manifests.PackageChanged, Name: fmt.Sprintf("p%02d", p), Source: manifests.SourceR, Before: "1", After: "2",
				})
			}
			r.Changed = append(r.Changed, k)
		}
		known.Runs = append(known.Runs, r)
	}
	data, err := known.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.write(manifests.ChangesName, string(data))
	s.refresh()
	for _, target := range []string{"/changes", "/changes?offset=50", "/feed.atom", "/", "/kernels/R/k001/1"} {
		w := s.get(http.StatusOK, target, browser)
		t.Logf("%s: %d bytes", target, w.Body.Len())
		if w.Body.Len() > 1<<20 {
			t.Errorf("%s has %d bytes", target, w.Body.Len())
		}
	}
	p := s.page(http.StatusOK, "/changes")
	if !slices.Contains(p.words, "and 5 more") || !slices.Contains(p.words, "and 15 more") || !slices.Contains(p.links, "/changes?offset=50") {
		t.Errorf("not cut: %.2000q", p.words)
	}
}
