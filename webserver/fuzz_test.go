package webserver_test

import (
	"net/http"
	"net/url"
	"testing"
	"unicode/utf8"
)

// FuzzTarget asks for anything: the answer is what the OpenAPI document says, or one of the errors that it says in
// general, its headers are printable, and its body is UTF-8.
func FuzzTarget(f *testing.F) {
	for target := range targets {
		f.Add(target, false)
	}
	for _, target := range []string{
		"/api/packages/search?query=%ff%e2%82&&query=+%zz%", "/api/package/a%2Fb/", "/api/package//", "//api/languages/", "/base/api/v1/kernels?limit=x",
		"/api/v1/kernels?sort=-version&package=a&package=&offset=3&limit=1", "/base", "/base//", "/%62ase/docs/?%0d%0a", "/data/..%2f", "/api/kernel/%00/é/1|2",
	} {
		f.Add(target, true)
	}
	s := newSite(f, "ours", basePath("/base"))
	f.Fuzz(func(t *testing.T, target string, head bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || u.Scheme != "" {
			return // net/http answers 400, or it is for a proxy
		}
		r := &http.Request{Method: http.MethodGet, URL: u, Host: "example.com", Header: http.Header{}, Body: http.NoBody}
		if head {
			r.Method = http.MethodHead
		}
		s.t = t
		if w := s.send(r); !utf8.Valid(w.Body.Bytes()) || w.Code >= 500 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}
