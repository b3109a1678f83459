package webserver_test

import (
	"net/http"
	"strings"
	"testing"

	"kernelindexer/manifests"
	"kernelindexer/webserver"
)

// targets is a request that succeeds for every GET route. Those whose answers are not made of the pair are false.
var targets = map[string]bool{
	"/": true, "/api/languages": true, "/api/kernels/R": true, "/api/kernel/R/pecan/1.9": true, "/api/manifest/R/pecan/1.9": true,
	"/api/package/sf": true, "/api/packages/search?query=ssl": true, "/api/packages/search": true,
	"/api/v1/kernels": true, "/api/v1/kernels?limit=1&offset=1": true, "/api/v1/kernels/R/pecan/1.9": true,
	"/api/v1/packages": true, "/api/v1/packages/sf": true,
	"/api/v1/find?spec=sf": true, "/api/v1/find?spec=sf%3E1&spec=openssl&exact=1&language=R&limit=1": true,
	"/api/v1/compare?a=R/pecan/1.9&b=R/pecan/1.10":        true,
	"/api/v1/kernels/R/pecan/1.9/export":                  true,
	"/api/v1/kernels/R/pecan/1.9/export?format=cyclonedx": true, "/api/v1/kernels/Python/astro/1.0/export?format=requirements": true,
	"/data/collated_manifests.json": true, "/data/package_index.json": true,
	"/find": true, "/find?q=sf%2C+openssl&language=R": true, "/find?spec=sf%3E9": true, "/kernels": true, "/kernels?has=sf&sort=-name": true,
	"/kernels/R/pecan": true, "/kernels/R/pecan/1.9": true, "/kernels/R/pecan/1.9?q=s&source=r&sort=-name": true,
	"/packages": true, "/packages?q=numpyy": true, "/packages/sf": true, "/compare": true, "/packages?sort=-entries": true,
	"/kernels?format=csv": true, "/packages/sf?format=csv": true, "/find?q=sf&format=csv": true, "/api/v1/suggest?q=s": true, "/compare?a=R/pecan/1.9&b=R/pecan/1.10&show=all": true,
	"/api/v1/changes": true, "/api/v1/changes?kernel=R/pecan&limit=1&offset=1": true, "/changes": true, "/changes?kernel=R/pecan": true,
	"/feed.atom": true, "/kernels/R/pecan/feed.atom": true,
	"/help": true, "/status": false,
	"/openapi.json": false, "/docs": false, "/redoc": false, "/static/style.css": false, "/static/pages.js": false, "/static/icon.svg": false,
	"/opensearch.xml": false,
	"/health":         false, "/livez": false, "/readyz": false, "/api/v1/status": false,
}

// A client that has an answer is told so, however it says it.
func TestNotModified(t *testing.T) {
	s := newSite(t, "ours")
	for target, made := range targets {
		w := s.get(http.StatusOK, target)
		tag := w.Header().Get("ETag")
		if tag == "" {
			if made || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: neither tag nor no-store", target)
			}
			continue
		}
		if !strings.HasPrefix(tag, `"`) || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", target, w.Header())
		}
		for _, held := range []string{tag, "W/" + tag, "*", `"a", ` + tag + `, "b"`, `"a,b",W/` + tag} {
			w := s.get(http.StatusNotModified, target, "If-None-Match: "+held)
			if w.Header().Get("ETag") != tag || w.Body.Len() > 0 {
				t.Errorf("%s: %s %v %q", target, held, w.Header(), w.Body)
			}
		}
		s.get(http.StatusNotModified, target, `If-None-Match: "first line"`, "If-None-Match: "+tag)
		for _, held := range []string{`"another"`, strings.Trim(tag, `"`), tag[:len(tag)-2] + `"`, "", ","} {
			s.get(http.StatusOK, target, "If-None-Match: "+held)
		}
		if w := s.ask(http.MethodHead, target, "If-None-Match: "+tag); w.Code != http.StatusNotModified {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
	}
}

// What is not there is not "not modified".
func TestErrorsHaveNoTag(t *testing.T) {
	s := newSite(t, "ours")
	for _, target := range []string{
		"/api/package/none", "/api/kernels/none", "/api/v1/packages/none", "/nothing", "/data/none", "/api/v1/kernels?limit=x",
		"/api/v1/find", "/api/v1/find?spec=%3D%3D", "/api/v1/compare?a=R/pecan/1.9&b=R/pecan/9", "/api/v1/kernels/R/pecan/1.9/export?format=explicit",
	} {
		if w := s.ask(http.MethodGet, target, "If-None-Match: *"); w.Code < 400 || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
}

// The tag follows from documents and program alone: replicas agree, and it changes with what answers contain, which is
// more than the generation says.
func TestTagNamesTheContent(t *testing.T) {
	tag := func(s *site) string { return s.get(http.StatusOK, "/api/languages").Header().Get("ETag") }
	s := newSite(t, "ours")
	first := tag(s)
	if other := tag(newSite(t, "ours")); other != first {
		t.Errorf("replicas say %s and %s", first, other)
	}
	if other := tag(newSite(t, "ours", func(o *webserver.Options) { o.Version = "2" })); other == first {
		t.Error("another program has the same tag")
	}
	s.refresh()
	if again := tag(s); again != first {
		t.Errorf("reading the same files again made %s of %s", again, first)
	}
	page := s.get(http.StatusOK, "/api/kernel/R/pecan/1.9").Body.String()
	dated := strings.ReplaceAll(readFile(t, "testdata", "ours", manifests.CollatedName),
		"2026-01-31T04:00:00Z", "2026-02-01T04:00:00Z")
	s.write(manifests.CollatedName, dated)
	s.refresh()
	if s.get(http.StatusOK, "/api/kernel/R/pecan/1.9").Body.String() == page {
		t.Fatal("the date is not in the answer")
	}
	if tag(s) == first {
		t.Error("another date has the same tag")
	}
	s.use("original")
	s.refresh()
	if tag(s) == first || tag(s) == "" {
		t.Errorf("the original's documents have the tag %s", tag(s))
	}
}
