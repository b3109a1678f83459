package webserver_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/webserver"
)

// feed is what a reader of feeds takes from one.
type feed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Link    struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Content struct {
			Type  string `xml:"type,attr"`
			Text  string `xml:",chardata"`
			Inner string `xml:",innerxml"`
		} `xml:"content"`
	} `xml:"entry"`
}

var urn = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// feed asks for a feed and checks what RFC 4287 wants of all.
func (s *site) feed(target string, fields ...string) (f feed, h http.Header) {
	s.t.Helper()
	w := s.get(http.StatusOK, target, fields...)
	if err := xml.Unmarshal(w.Body.Bytes(), &f); err != nil {
		s.t.Fatalf("%v in %s", err, w.Body)
	}
	ids := map[string]bool{f.ID: true}
	if !urn.MatchString(f.ID) || f.Title == "" || f.Author == "" {
		s.t.Errorf("%s: %+v", target, f)
	}
	for i, e := range f.Entries {
		if !urn.MatchString(e.ID) || ids[e.ID] || e.Title == "" || e.Content.Type != "text" || strings.Contains(e.Content.Inner, "<") {
			s.t.Errorf("%s: entry %+v", target, e)
		}
		ids[e.ID] = true
		if _, err := time.Parse(time.RFC3339, e.Updated); err != nil || i > 0 && e.Updated > f.Entries[i-1].Updated {
			s.t.Errorf("%s: updated %q", target, e.Updated)
		}
	}
	return f, w.Header()
}

// The feed has an entry a run, and links that lead to where it was asked for.
func TestFeed(t *testing.T) {
	s := newSite(t, "", basePath("/services/kernels"), func(o *webserver.Options) { o.SiteTitle = "K & L" })
	s.story()
	f, h := s.feed("/services/kernels/feed.atom", "X-Forwarded-Proto: https")
	if len(f.Entries) != 4 || f.Title != "K & L: changes" || f.Updated != manifests.FormatTime(runTime(4)) {
		t.Errorf("%+v", f)
	}
	diff(t, "Last-Modified", runTime(4).Format(http.TimeFormat), h.Get("Last-Modified"))
	for _, l := range f.Links {
		want := map[string]string{
			"self": "https://example.com/services/kernels/feed.atom", "alternate": "https://example.com/services/kernels/changes",
		}
		diff(t, l.Rel, want[l.Rel], l.Href)
	}
	page := s.get(http.StatusOK, "/services/kernels/changes", browser).Body.String()
	for _, e := range f.Entries {
		path, id, _ := strings.Cut(e.Link.Href, "#")
		if path != "https://example.com/services/kernels/changes" || !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("a link %s", e.Link.Href)
		}
	}
	diff(t, "title", "R/pecan/1.9 changed", f.Entries[2].Title)
	diff(t, "content", "Changed: 1\n  R/pecan/1.9; 2 packages changed\n    upgraded Rcpp (r) 1.0 → 1.1\n    downgraded sf (r) 1.2 → 1.1\n",
		f.Entries[2].Content.Text)
	if !strings.Contains(page, `<link rel="alternate" type="application/atom+xml" href="/services/kernels/feed.atom"`) ||
		!strings.Contains(page, `<a href="/services/kernels/feed.atom"`) {
		t.Error("no page leads to the feed")
	}
}

// The feed of a kernel has the runs that concern it. Ids stay what they are, on every replica and after the next run.
func TestFeedOfAKernel(t *testing.T) {
	s := newChangingSite(t)
	s.story()
	f, _ := s.feed("/kernels/R/pecan/feed.atom")
	before := map[string]string{}
	for _, e := range f.Entries {
		before[e.ID] = e.Title
		if strings.Contains(e.Content.Text, "astro") {
			t.Errorf("of another kernel: %s", e.Content.Text)
		}
	}
	if len(before) != 4 {
		t.Errorf("%v", before)
	}
	s.publish(5, made("R/pecan/2.0"), made("Python/astro/2.0"))
	other := newChangingSite(t)
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName, manifests.ChangesName} {
		other.write(name, s.get(http.StatusOK, "/data/"+name).Body.String())
	}
	other.refresh()
	for _, replica := range []*site{s, other} {
		f, _ := replica.feed("/kernels/R/pecan/feed.atom")
		if len(f.Entries) != 5 {
			t.Errorf("%d entries", len(f.Entries))
		}
		for _, e := range f.Entries[1:] {
			diff(t, e.ID, before[e.ID], e.Title)
		}
	}
	if astro, _ := s.feed("/kernels/Python/astro/feed.atom"); astro.ID == f.ID || len(astro.Entries) != 2 {
		t.Errorf("%+v", astro)
	}
	if body := s.get(http.StatusOK, "/kernels/R/pecan/2.0", browser).Body.String(); !strings.Contains(body, `href="/kernels/R/pecan/feed.atom"`) {
		t.Error("the page of a version does not tell of the feed")
	}
}

// A reader that has the feed is told so, by tag or by time.
func TestFeedNotModified(t *testing.T) {
	s := newChangingSite(t)
	s.story()
	_, h := s.feed("/feed.atom")
	s.get(http.StatusNotModified, "/feed.atom", "If-None-Match: "+h.Get("ETag"))
	s.get(http.StatusNotModified, "/feed.atom", "If-Modified-Since: "+h.Get("Last-Modified"))
	s.get(http.StatusNotModified, "/feed.atom", "If-Modified-Since: "+testNow.Format(http.TimeFormat))
	s.get(http.StatusOK, "/feed.atom", "If-Modified-Since: "+runTime(3).Format(http.TimeFormat))
	s.get(http.StatusOK, "/feed.atom", "If-Modified-Since: yesterday")
	s.get(http.StatusOK, "/feed.atom", `If-None-Match: "other"`, "If-Modified-Since: "+h.Get("Last-Modified"))
	s.publish(5, made("R/new/1"))
	s.get(http.StatusOK, "/feed.atom", "If-None-Match: "+h.Get("ETag"), "If-Modified-Since: "+h.Get("Last-Modified"))
	newSite(t, "").get(http.StatusServiceUnavailable, "/feed.atom")
}

// Names that look like markup stay names, on pages and in feeds; what XML cannot hold is replaced.
func TestHostileChanges(t *testing.T) {
	s := newChangingSite(t)
	names := []string{
		"<script>alert(1)</script>", "]]><x/>", `" onload="x`, "&amp;&#60;", "a\x00b", "\x1b[31mred", "\u0085\u2028", "\ufffe\uffff", "{{.}}",
		"javascript:alert(1)", "é日本🎉", "a\r\nSet-Cookie: x=y", "%2e%2e", "..x", " ", "'--", "<!--",
	}
	var first, second []manifests.Manifest
	for i, name := range names {
		if strings.Contains(name, "/") || strings.Contains(name, "\x00") {
			name = strings.NewReplacer("/", "", "\x00", "\x01").Replace(name)
		}
		k := made("R/x/1", "p 1")
		k.KernelName, k.KernelVersion, k.Language = name, name, "R"
		k.Packages[0].Name, k.Packages[0].Version = names[i], names[i]
		first = append(first, k)
		k.Packages = []manifests.Package{{Name: names[i], Version: "2" + names[i], Source: manifests.SourceR}}
		k.LanguageVersion = names[i]
		second = append(second, k)
	}
	s.publish(1, first...)
	s.publish(2, second...)
	s.publish(3, made("R/x/1"))
	p := s.page(http.StatusOK, "/changes")
	if !slices.ContainsFunc(p.words, func(w string) bool { return strings.HasPrefix(w, "R/<script>") }) {
		t.Errorf("%q", p.words)
	}
	s.page(http.StatusOK, "/")
	f, _ := s.feed("/feed.atom")
	if text := f.Entries[0].Content.Text; !strings.Contains(text, "R/<script>alert(1)<script>/") || !strings.Contains(text, "\ufffd[31mred") {
		t.Errorf("%q", text)
	}
	for _, k := range first {
		path := "/R/" + url.PathEscape(k.KernelName)
		s.page(http.StatusGone, "/kernels"+path)
		s.page(http.StatusGone, "/kernels"+path+"/"+url.PathEscape(k.KernelVersion))
		s.feed("/kernels" + path + "/feed.atom")
		s.get(http.StatusGone, "/api/v1/kernels"+path+"/"+url.PathEscape(k.KernelVersion))
		s.changes("/api/v1/changes?kernel=" + url.QueryEscape("R/"+k.KernelName))
		s.page(http.StatusOK, "/changes?kernel="+url.QueryEscape("R/"+k.KernelName))
	}
}
