package webserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Every name in the documents can be asked for, and comes back as it is.
func TestEveryNameCanBeAskedFor(t *testing.T) {
	for _, folder := range []string{"ours", "original"} {
		s := newSite(t, folder)
		l, _ := s.list("/api/v1/packages?limit=1000")
		for _, name := range l.names() {
			for _, route := range []string{"/api/package/", "/api/v1/packages/"} {
				if name == "" {
					s.get(map[string]int{"/api/package/": 404, "/api/v1/packages/": 307}[route], route)
					continue
				}
				var got struct{ Name string }
				if err := json.Unmarshal(s.get(http.StatusOK, route+url.PathEscape(name)).Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				diff(t, route, name, got.Name)
			}
			var found struct {
				Query    string
				Packages []struct{ Name string }
			}
			body := s.get(http.StatusOK, "/api/packages/search?query="+url.QueryEscape(name)).Body.Bytes()
			if err := json.Unmarshal(body, &found); err != nil {
				t.Fatal(err)
			}
			diff(t, "query", name, found.Query)
			if !slices.Contains(found.Packages, struct{ Name string }{name}) {
				t.Errorf("search for %q finds %q", name, found.Packages)
			}
		}
	}
}

// A slash that was sent as %2F belongs to the name, which the original could not be asked for.
func TestSlashInAName(t *testing.T) {
	s := newSite(t, "original")
	for _, target := range []string{"/api/package/a%2Fb", "/api/package/a%2fb", "/api/package/%61%2F%62", "/api/v1/packages/a%2Fb"} {
		if body := s.get(http.StatusOK, target).Body.String(); !strings.Contains(body, `"name":"a/b"`) {
			t.Errorf("%s: %s", target, body)
		}
	}
	s.get(http.StatusNotFound, "/api/package/a/b")
	s.get(http.StatusNotFound, "/api/package%2Fa")
	s.get(http.StatusNotFound, "/api%2Flanguages")
	if w := s.ask(http.MethodPut, "/api/package/a%2Fb"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w := s.get(http.StatusTemporaryRedirect, "/api/package/a%2Fb/?x=%2F")
	if got := w.Header().Get("Location"); got != "/api/package/a%2Fb?x=%2F" {
		t.Errorf("Location %s", got)
	}
}

// A redirect leads to this server, and carries nothing into the header that was not escaped.
func TestRedirectsStayHere(t *testing.T) {
	s := newSite(t, "ours")
	for target, location := range map[string]string{
		"/api/languages/?q=\"<>\\^`{|}é": "/api/languages?q=%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9",
		"/api/languages/?q=%0d%0aX:1":    "/api/languages?q=%0d%0aX:1",
		"/api/package/%0d%0aX:1/":        "/api/package/%0D%0AX:1",
		"/api/package/%2F%2Fevil/":       "/api/package/%2F%2Fevil",
		"/api/package/..%2f../":          "/api/package/..%2F..",
		"/api/package/%5Cevil/":          "/api/package/%5Cevil",
		"/api/package/é\"<>/":            "/api/package/%C3%A9%22%3C%3E",
		"/api/v1/packages/":              "/api/v1/packages",
		"/docs//":                        "/docs",
	} {
		r := &http.Request{Method: http.MethodGet, Host: "example.com", Header: http.Header{}, Body: http.NoBody}
		var err error
		if r.URL, err = url.ParseRequestURI(target); err != nil {
			t.Fatal(err)
		}
		w := s.send(r)
		if w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != location {
			t.Errorf("%s: %d to %s, want %s", target, w.Code, w.Header().Get("Location"), location)
		}
	}
	for _, target := range []string{"//evil.example/", "//evil.example", "/\\evil.example/", "///", "/.//evil.example/"} {
		r := &http.Request{Method: http.MethodGet, Host: "example.com", Header: http.Header{}, Body: http.NoBody, URL: &url.URL{Path: target}}
		if w := s.send(r); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d to %s", target, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestBasePath(t *testing.T) {
	s := newSite(t, "ours", basePath("services/kernels"))
	for target := range targets {
		below := s.get(http.StatusOK, "/services/kernels"+target).Body.String()
		if root := s.get(http.StatusOK, target).Body.String(); root != below && target != "/api/v1/status" {
			t.Errorf("%s answers otherwise below the base path", target)
		}
	}
	for target, location := range map[string]string{
		"/services/kernels":                    "/services/kernels/",
		"/services/kernels?x=1":                "/services/kernels/?x=1",
		"/services/kernels/api/languages/":     "/services/kernels/api/languages",
		"/api/languages/":                      "/services/kernels/api/languages", // the proxy cut the base path off
		"/services/kernels/api/package/a%2Fb/": "/services/kernels/api/package/a%2Fb",
		"/services/%6bernels/api/languages/":   "/services/kernels/api/languages",
	} {
		if got := s.get(http.StatusTemporaryRedirect, target).Header().Get("Location"); got != location {
			t.Errorf("%s to %s, want %s", target, got, location)
		}
	}
	for _, target := range []string{"/services/kernelsx", "/services/kernelsapi/languages", "/services", "/services/kernels/nothing"} {
		s.get(http.StatusNotFound, target)
	}
	if kind := s.get(http.StatusNotFound, "/services/kernels/api/v1/nothing").Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Error(kind)
	}
	if body := s.get(http.StatusOK, "/services/kernels/api/package/a%2Fb").Body.String(); !strings.Contains(body, `"a/b"`) {
		t.Error(body)
	}
	root, err := html.Parse(s.get(http.StatusOK, "/services/kernels/").Body)
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if (a.Key == "href" || a.Key == "action") && !strings.HasPrefix(a.Val, "/services/kernels/") && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("%s leads to %s", n.Data, a.Val)
			}
		}
	}
}

func TestBadBasePaths(t *testing.T) {
	for _, base := range []string{"/a//b", "/a/../b", "/./", "/a b", "/é", `/"`, "/<a>", "/a?b", "/a%20b", "/a\r\nb", "https://example.org"} {
		if err := tryBasePath(base); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
	for _, base := range []string{"", "/", "//", "/a", "a/", "/a/b-c_d.e~f/"} {
		if err := tryBasePath(base); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// What HEAD says is what GET says, without the body, on every route; and what the client reads is all there is.
func TestHeadOnEveryRoute(t *testing.T) {
	s := newSite(t, "ours")
	server := s.serve()
	asked := map[string]bool{}
	for target := range targets {
		get, head := fetch(t, http.MethodGet, server.URL+target), fetch(t, http.MethodHead, server.URL+target)
		asked[s.contract.Route()] = true
		if head.body != "" || get.body == "" || get.status != http.StatusOK || head.status != http.StatusOK {
			t.Errorf("%s: GET %d %d bytes, HEAD %d %q", target, get.status, len(get.body), head.status, head.body)
		}
		diff(t, target, get.header, head.header)
	}
	for _, r := range s.echo.Routes() {
		if r.Method == http.MethodGet && !asked[r.Path] {
			t.Errorf("no request for %s in the table", r.Path)
		}
	}
	for target, status := range map[string]int{"/nothing": 404, "/api/package/none": 404, "/api/refresh": 405, "/api/v1/kernels?limit=0": 422, "/docs/": 307} {
		if head := fetch(t, http.MethodHead, server.URL+target); head.status != status || head.body != "" {
			t.Errorf("HEAD %s: %d %q", target, head.status, head.body)
		}
	}
}

type fetched struct {
	status int
	header http.Header
	body   string
}

func fetch(t testing.TB, method, target string) fetched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	response.Header.Del("Date")
	return fetched{response.StatusCode, response.Header, string(body)}
}
