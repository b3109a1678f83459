package webserver_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"kernelindexer/webserver"
)

// elements are those that pages are made of. None of them runs or loads anything but the style sheet and the script.
var elements = strings.Fields(`html head meta title link body a header nav main footer section div p h1 h2 h3 span strong small mark code pre time
	ul li dl dt dd table caption thead tbody tr th td form label input select option datalist button script
	dialog kbd img details summary`)

// hashed is where pages find a file: under a name that changes with its content.
var hashed = regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{16}\.[a-z]+$`)

// browser is the Accept header of browsers.
const browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// page is a page as a browser sees it.
type page struct {
	title  string
	h1     []string
	words  []string // all texts
	links  []string
	ids    []string
	labels []string // what labels are for
	fields []string // the ids of what can be filled in
}

// page asks for a page and checks what holds for all of them.
func (s *site) page(status int, target string) page {
	s.t.Helper()
	w := s.get(status, target, browser)
	return s.parse(target, w.Header(), w.Body.String())
}

func (s *site) parse(target string, header http.Header, body string) (p page) {
	s.t.Helper()
	policy := header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		s.t.Errorf("%s: policy %q", target, policy)
	}
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	marks := map[string]int{}
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			p.words = append(p.words, strings.TrimSpace(n.Data))
			switch n.Parent.Data {
			case "title":
				p.title = n.Data
			case "h1":
				p.h1 = append(p.h1, strings.TrimSpace(n.Data))
			}
		}
		if n.Type != html.ElementNode {
			continue
		}
		marks[n.Data]++
		if !slices.Contains(elements, n.Data) {
			s.t.Errorf("%s: an element %s", target, n.Data)
		}
		p.take(s, target, n)
	}
	for _, once := range []string{"h1", "main", "title", "header", "footer"} {
		if marks[once] != 1 && (once != "footer" || !strings.HasSuffix(target, "docs")) {
			s.t.Errorf("%s: %d elements %s", target, marks[once], once)
		}
	}
	for _, id := range p.fields {
		if !slices.Contains(p.labels, id) {
			s.t.Errorf("%s: no label for %q", target, id)
		}
	}
	for i, id := range p.ids {
		if slices.Contains(p.ids[:i], id) {
			s.t.Errorf("%s: id %q twice", target, id)
		}
	}
	return p
}

// take notes an element and checks its attributes.
func (p *page) take(s *site, target string, n *html.Node) {
	s.t.Helper()
	attributes := map[string]string{}
	for _, a := range n.Attr {
		attributes[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || slices.Contains([]string{"href", "action", "src"}, a.Key) &&
			strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			s.t.Errorf("%s: an attribute %s=%q of %s", target, a.Key, a.Val, n.Data)
		}
		if a.Val == "#ZgotmplZ" {
			s.t.Errorf("%s: %s of %s was not taken for safe", target, a.Key, n.Data)
		}
		switch a.Key {
		case "href":
			p.links = append(p.links, a.Val)
		case "id":
			p.ids = append(p.ids, a.Val)
		case "for":
			p.labels = append(p.labels, a.Val)
		}
	}
	switch n.Data {
	case "input", "select":
		if attributes["type"] != "hidden" {
			p.fields = append(p.fields, attributes["id"])
		}
	case "script":
		early := strings.HasPrefix(attributes["src"], "/static/early.")
		late := strings.HasPrefix(attributes["src"], "/static/pages.") && attributes["type"] == "module"
		if !early && !late || !hashed.MatchString(attributes["src"]) || n.FirstChild != nil {
			s.t.Errorf("%s: a script %v", target, attributes)
		}
	case "th":
		if attributes["scope"] == "" {
			s.t.Errorf("%s: a head of a table without scope", target)
		}
	case "html":
		if attributes["lang"] != "en" {
			s.t.Errorf("%s: language %q", target, attributes["lang"])
		}
	}
}

// has reports whether the page has a text with this in it.
func (p page) has(text string) bool {
	return strings.Contains(strings.Join(p.words, " "), text)
}

// Every link on every page leads somewhere, whatever the names are, and everything that is found on the way is a page of
// ours with one heading, landmarks, and labels for all fields; a hostile name is text on each of them.
func TestEveryLinkLeadsToAPage(t *testing.T) {
	for _, folder := range []string{"ours", "original"} {
		s := newSite(t, folder, func(o *webserver.Options) {
			o.GetCommand, o.UseCommand = webserver.DefaultGetCommand, webserver.DefaultUseCommand
		})
		seen, hostile := map[string]bool{}, 0
		for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
			target, _, _ := strings.Cut(queue[0], "#")
			if target == "" || seen[target] || len(seen) > 900 {
				continue
			}
			seen[target] = true
			w := s.ask(http.MethodGet, target, browser)
			if w.Code != http.StatusOK && (w.Code != http.StatusUnprocessableEntity || !strings.HasPrefix(target, "/find")) {
				t.Errorf("%s: %d", target, w.Code)
			}
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				continue
			}
			p := s.parse(target, w.Header(), w.Body.String())
			if slices.Contains(p.words, `<img src=x onerror="alert(1)">`) || p.has(`<img src=x onerror="alert(1)">`) {
				hostile++
			}
			queue = append(queue, p.links...)
		}
		if len(seen) < 50 || hostile < 5 {
			t.Errorf("%s: %d pages and documents, %d with the hostile name", folder, len(seen), hostile)
		}
	}
}

// What a client sends is text, too: in fields, in texts, and in links.
func TestQueriesAreTextInPages(t *testing.T) {
	s := newSite(t, "ours")
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1)`
	q := url.QueryEscape(evil)
	for target, status := range map[string]int{
		"/find?q=" + q: 422, "/find?spec=" + q: 200, "/find?spec=sf&language=" + q: 200, "/find?spec=sf&exact=" + q: 200,
		"/kernels?q=" + q + "&has=" + q + "&language=" + q + "&sort=" + q: 200,
		"/kernels/R/pecan/1.9?q=" + q + "&source=" + q + "&sort=" + q:     200,
		"/packages?q=" + q: 200, "/compare?a=" + q + "&b=" + q: 422, "/compare?a=R/pecan/" + q + "&b=" + q + "/x/y": 404,
		"/compare?a=R/pecan/1.9&b=R/pecan/1.10&show=" + q: 200,
		"/kernels/" + url.PathEscape(evil) + "/a":         404,
		"/packages/" + url.PathEscape(evil):               404,
		"/" + url.PathEscape(evil):                        404,
	} {
		if strings.Contains(target, "/compare?a=R/pecan/%22") {
			status = http.StatusUnprocessableEntity // it has slashes
		}
		s.page(status, target)
	}
}

// A browser that asks for nothing we have gets a page with what it may have meant; programs get what they always got.
func TestPagesOfErrors(t *testing.T) {
	s := newSite(t, "ours")
	for target, want := range map[string]string{
		"/packages/NumPyy": "/packages/NumPy", "/kernels/R/pekan/1.9": "/kernels/R/pecan/1.9", "/kernels/R/pecan/1.8": "/kernels/R/pecan/1.9",
		"/kernels/r/pecan": "/kernels/R/pecan/1.9", "/nothing": "/kernels", "/kernels/a/b/c/d": "/packages",
		"/compare?a=R/pecan/1.8&b=R/pecan/1.9": "/compare?a=R%2Fpecan%2F1.9&b=R%2Fpecan%2F1.9",
	} {
		if p := s.page(http.StatusNotFound, target); !slices.Contains(p.links, want) {
			t.Errorf("%s: no link to %s in %q", target, want, p.links)
		}
	}
	for _, target := range []string{"/packages/none", "/nothing", "/kernels/R/none"} {
		if kind := s.get(http.StatusNotFound, target).Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("%s for a program: %s", target, kind)
		}
	}
	for target, kind := range map[string]string{
		"/api/package/none": "application/json", "/api/nothing": "application/json", "/data/none": "application/json",
		"/static/none": "application/json", "/api/v1/none": "application/problem+json", "/livez/none": "application/json",
	} {
		if got := s.get(http.StatusNotFound, target, browser).Header().Get("Content-Type"); got != kind {
			t.Errorf("%s for a browser: %s, want %s", target, got, kind)
		}
	}
	if w := s.ask(http.MethodPost, "/find", browser); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

// Without an index there is a page that says so, and the status says more.
func TestPagesWithoutAnIndex(t *testing.T) {
	s := newSite(t, "")
	for _, target := range []string{"/find?q=a", "/kernels", "/kernels/a/b", "/kernels/a/b/c", "/packages", "/packages/a", "/compare"} {
		w := s.get(http.StatusServiceUnavailable, target, browser)
		if s.parse(target, w.Header(), w.Body.String()); w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", target, w.Header())
		}
		s.get(http.StatusServiceUnavailable, target)
	}
	for _, target := range []string{"/", "/status", "/help"} {
		if w := s.get(http.StatusOK, target); w.Header().Get("ETag") != "" {
			t.Errorf("%s has a tag", target)
		}
	}
	if p := s.page(http.StatusOK, "/"); !p.has("There is no index yet") {
		t.Errorf("%q", p.words)
	}
	if p := s.page(http.StatusOK, "/status"); !p.has("The files cannot be used") {
		t.Errorf("%q", p.words)
	}
}
