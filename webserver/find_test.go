package webserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kernelindexer/catalog"
)

func (s *site) find(query string) (catalog.Answer, http.Header) {
	s.t.Helper()
	w := s.get(http.StatusOK, "/api/v1/find?"+query)
	var a catalog.Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		s.t.Fatal(err)
	}
	return a, w.Header()
}

// found is who satisfies and who comes near, for tables.
func found(a catalog.Answer) (matches, near []string) {
	matches, near = []string{}, []string{}
	for _, m := range a.Matches {
		matches = append(matches, m.Key().String())
	}
	for _, m := range a.NearMisses {
		near = append(near, m.Key().String()+": "+m.Missing[0].Reason)
	}
	return matches, near
}

// All specs must be satisfied by one kernel; who has one of them says why it has not the others.
func TestFind(t *testing.T) {
	s := newSite(t, "ours")
	for query, want := range map[string]struct{ matches, near []string }{
		"spec=sf%3E%3D1.0.20&spec=Rcpp": {[]string{"R/pecan/1.9"}, []string{"R/pecan/1.10: not installed"}},
		"spec=sf&spec=":                 {[]string{"R/pecan/1.10", "R/pecan/1.9"}, []string{}},
		"spec=sf&limit=1":               {[]string{"R/pecan/1.10"}, []string{}},
		"spec=numpy&language=Python":    {[]string{"Python/astro/1.0"}, []string{}},
		"spec=numpy&language=R":         {[]string{}, []string{}},
		"spec=numpy&exact=true":         {[]string{}, []string{}},
		"spec=NumPy&exact=0":            {[]string{"Python/astro/1.0"}, []string{}},
		"spec=openssl[source%3Dr]":      {[]string{"R/pecan/1.9"}, []string{}},
	} {
		a, header := s.find(query)
		matches, near := found(a)
		diff(t, query, want.matches, matches)
		diff(t, query, want.near, near)
		if header.Get("X-Total-Near-Misses") == "" {
			t.Errorf("%s: %v", query, header)
		}
	}
	if _, header := s.find("spec=sf&limit=1"); header.Get("X-Total-Count") != "2" {
		t.Errorf("total %s", header.Get("X-Total-Count"))
	}
}

// trouble is a problem of /api/v1.
type trouble struct {
	Status int
	Errors []struct {
		Loc       []string
		Msg, Type string
		Input     *string
		Offset    *int
	}
}

func (s *site) trouble(status int, target string) trouble {
	s.t.Helper()
	w := s.get(status, target)
	var p trouble
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		s.t.Fatalf("%s: %v in %s", target, err, w.Body)
	}
	return p
}

// A spec that cannot be read is repeated, with the place where it goes wrong.
func TestBadSpecs(t *testing.T) {
	s := newSite(t, "ours")
	p := s.trouble(http.StatusUnprocessableEntity, "/api/v1/find?spec=sf&spec="+url.QueryEscape("numpy>=1.0<2"))
	if len(p.Errors) != 1 || p.Errors[0].Type != "bad_spec" || p.Errors[0].Input == nil || *p.Errors[0].Input != "numpy>=1.0<2" {
		t.Fatalf("%+v", p)
	}
	p = s.trouble(http.StatusUnprocessableEntity, "/api/v1/find?spec="+url.QueryEscape("numpy[license=MIT]"))
	if e := p.Errors[0]; e.Offset == nil || *e.Offset != len("numpy[") || e.Loc[1] != "spec" {
		t.Errorf("%+v", p)
	}
	for query, kind := range map[string]string{
		"":          "missing",
		"spec=":     "missing",
		"spec=%20":  "bad_spec",
		"spec=%3D":  "bad_spec",
		"spec=é%ff": "",
		"spec=" + strings.Repeat("a", catalog.MaxSpecBytes+1): "out_of_range",
		strings.Repeat("spec=a&", catalog.MaxSpecs+1):         "out_of_range",
		"spec=a&limit=0":     "out_of_range",
		"spec=a&exact=maybe": "not_a_choice",
		"spec=%3Cscript%3Ealert(1)%3C/script%3E%3E%3D%3D":                 "bad_spec",
		"spec=" + url.QueryEscape("a[build='"+strings.Repeat("é", 9)+"'"): "bad_spec",
	} {
		if kind == "" { // whether conda takes it for a name is the matter of others; the answer is one of the two
			if w := s.ask(http.MethodGet, "/api/v1/find?"+query); w.Code != http.StatusOK && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", query, w.Code)
			}
			continue
		}
		if p := s.trouble(http.StatusUnprocessableEntity, "/api/v1/find?"+query); p.Errors[0].Type != kind {
			t.Errorf("%.40s: %+v", query, p.Errors)
		}
	}
}

func TestCompareAnswers(t *testing.T) {
	s := newSite(t, "ours")
	var got catalog.Comparison
	if err := json.Unmarshal(s.get(http.StatusOK, "/api/v1/compare?a=R/pecan/1.9&b=/R/pecan/1.10/").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	diff(t, "counts", catalog.Counts{Added: 1, Removed: 2, Upgraded: 1, Same: 1}, got.Counts)
	if got.A.Version != "1.9" || got.B.Version != "1.10" || len(got.Packages) != 5 {
		t.Errorf("%+v", got)
	}
	for query, kind := range map[string]string{
		"a=R/pecan/1.9": "missing", "a=R/pecan&b=R/pecan/1.9": "not_a_kernel", "a=R/pecan/1.9&b=R//1.9": "not_a_kernel",
		"a=R/pecan/1.9/x&b=R/pecan/1.9": "not_a_kernel", "a=%2F%2F&b=R/pecan/1.9": "not_a_kernel",
	} {
		if p := s.trouble(http.StatusUnprocessableEntity, "/api/v1/compare?"+query); p.Errors[0].Type != kind {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
	s.trouble(http.StatusNotFound, "/api/v1/compare?a=R/pecan/1.9&b=r/pecan/1.9")
	nasty := url.QueryEscape(nastyKernel)
	s.get(http.StatusOK, "/api/v1/compare?a="+nasty+"&b="+nasty)
}

// Every kernel can be exported in every format that documents have enough for.
func TestExports(t *testing.T) {
	for _, folder := range []string{"ours", "original"} {
		s := newSite(t, folder)
		l, _ := s.list("/api/v1/kernels")
		for _, k := range l.Kernels {
			path := "/api/v1/kernels/" + url.PathEscape(k.Language) + "/" + url.PathEscape(k.Name) + "/" + url.PathEscape(k.Version) + "/export"
			for format, want := range map[string]string{
				"environment": "application/yaml", "requirements": "text/plain; charset=utf-8", "cyclonedx": "application/vnd.cyclonedx+json",
			} {
				w := s.get(http.StatusOK, path+"?format="+format)
				if kind := w.Header().Get("Content-Type"); kind != want || w.Body.Len() == 0 {
					t.Errorf("%s of %s: %s, %d bytes", format, path, kind, w.Body.Len())
				}
			}
			if p := s.trouble(http.StatusUnprocessableEntity, path+"?format=explicit"); p.Errors[0].Type != "not_available" {
				t.Errorf("%+v", p)
			}
		}
		s.trouble(http.StatusUnprocessableEntity, "/api/v1/kernels/R/pecan/1.9/export?format=exe")
		s.trouble(http.StatusNotFound, "/api/v1/kernels/R/none/1/export")
	}
	w := newSite(t, "ours").get(http.StatusOK, "/api/v1/kernels/Python/astro/1.0/export?format=requirements")
	if !strings.Contains(w.Body.String(), "Python/astro/1.0") || !strings.Contains(w.Header().Get("Content-Disposition"), `"requirements.txt"`) {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

// Without an index these are unavailable, whatever they ask for.
func TestQuestionsWithoutAnIndex(t *testing.T) {
	s := newSite(t, "")
	for _, target := range []string{"/api/v1/find?spec=a", "/api/v1/compare?a=a/b/c&b=a/b/c", "/api/v1/kernels/a/b/c/export"} {
		s.trouble(http.StatusServiceUnavailable, target)
	}
}
