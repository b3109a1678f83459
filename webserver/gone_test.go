package webserver_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// A kernel that an earlier index had is gone (410), with the day it was last seen and what is there instead; one that
// never was is not found.
func TestGone(t *testing.T) {
	s := newChangingSite(t)
	s.story()
	last := manifests.FormatTime(runTime(2))
	for _, target := range []string{
		"/api/v1/kernels/R/pecan/1.9", "/api/v1/kernels/R/pecan/1.9/export",
		"/api/v1/compare?a=R/pecan/1.9&b=R/pecan/2.0", "/api/v1/compare?a=R/pecan/2.0&b=R/pecan/1.9",
	} {
		w := s.get(http.StatusGone, target)
		var p struct {
			Detail     string
			LastSeen   string                `json:"last_seen"`
			Successors []manifests.KernelKey `json:"successors"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.LastSeen != last || !strings.Contains(p.Detail, last) || !strings.Contains(p.Detail, "R/pecan/1.9 is gone") {
			t.Errorf("%s: %s", target, w.Body)
		}
		diff(t, target, []manifests.KernelKey{{Language: "R", Name: "pecan", Version: "2.0"}, {Language: "R", Name: "pecan", Version: "1.10"}}, p.Successors)
		if w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", target, w.Header())
		}
	}
	p := s.page(http.StatusGone, "/kernels/R/pecan/1.9")
	if !slices.Contains(p.h1, "This kernel is gone") || !slices.Contains(p.links, "/kernels/R/pecan/2.0") || !slices.Contains(p.words, "2026-01-31 05:02 UTC") {
		t.Errorf("%q %q", p.words, p.links)
	}
	if !slices.Contains(p.links, "/changes?kernel=R%2Fpecan") {
		t.Errorf("%q", p.links)
	}
	s.get(http.StatusGone, "/kernels/R/pecan/1.9")
	for _, target := range []string{"/api/v1/kernels/R/pecan/1.8", "/api/v1/kernels/R/pekan/1.9", "/kernels/R/pecan/1.8", "/kernels/r/pecan/1.9", "/api/v1/packages/Rcpp"} {
		s.get(http.StatusNotFound, target)
	}
	// the original's routes know nothing of it
	for target, status := range map[string]int{"/api/kernel/R/pecan/1.9": 404, "/api/manifest/R/pecan/1.9": 404, "/api/kernels/R": 200} {
		s.get(status, target)
	}
	// and when it comes back, it is there
	s.publish(5, made("R/pecan/1.9"), made("R/pecan/2.0"))
	s.get(http.StatusOK, "/api/v1/kernels/R/pecan/1.9")
	s.page(http.StatusOK, "/kernels/R/pecan/1.9")
}

// All versions of a kernel can be gone; its feed says so, and still says it to those who come later.
func TestGoneWithAllVersions(t *testing.T) {
	s := newChangingSite(t)
	s.story()
	s.publish(5, made("R/pecan/2.0"))
	s.publish(6, made("Python/other/1"))
	p := s.page(http.StatusGone, "/kernels/R/pecan")
	if !slices.Contains(p.words, "2026-01-31 05:05 UTC") || !slices.Contains(p.words, "No other version of it is there.") {
		t.Errorf("%q", p.words)
	}
	s.page(http.StatusGone, "/kernels/Python/astro/1.0")
	if body := s.get(http.StatusOK, "/kernels/R/pecan/feed.atom").Body.String(); !strings.Contains(body, "R/pecan/2.0 removed") {
		t.Error(body)
	}
	s.get(http.StatusNotFound, "/kernels/R/nothing/feed.atom")
}

// What a killed run believed to be gone is there as long as its pair is not.
func TestGoneOnlyWhenItIs(t *testing.T) {
	s := newChangingSite(t)
	s.publish(1, made("R/a/1"), made("R/b/1"))
	files := map[string]string{}
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		files[name] = s.get(http.StatusOK, "/data/"+name).Body.String()
	}
	s.publish(2, made("R/a/1"))
	s.get(http.StatusGone, "/api/v1/kernels/R/b/1")
	for name, content := range files {
		s.write(name, content)
	}
	s.refresh()
	s.get(http.StatusOK, "/api/v1/kernels/R/b/1")
	if l, _ := s.changes("/api/v1/changes"); l.Total != 1 {
		t.Errorf("%d runs", l.Total)
	}
}
