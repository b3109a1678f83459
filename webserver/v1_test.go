package webserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// list is any list of /api/v1.
type list struct {
	Total, Limit, Offset int
	Kernels              []struct{ Language, Name, Version string }
	Packages             []struct{ Name string }
}

func (s *site) list(target string) (l list, header http.Header) {
	s.t.Helper()
	w := s.get(http.StatusOK, target)
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
		s.t.Fatal(err)
	}
	return l, w.Header()
}

func (l list) names() []string {
	names := []string{}
	for _, k := range l.Kernels {
		names = append(names, k.Language+"/"+k.Name+"/"+k.Version)
	}
	for _, p := range l.Packages {
		names = append(names, p.Name)
	}
	return names
}

const nastyKernel = `R/<img src=x onerror="alert(1)">/1`

func TestKernelFilters(t *testing.T) {
	s := newSite(t, "ours")
	all := []string{"Julia/fast/1", "Python/astro/1.0", "Python/empty/1.0", nastyKernel, "R/pecan/1.9", "R/pecan/1.10"}
	for query, want := range map[string][]string{
		"":                                       all,
		"language=":                              all,
		"language=Python":                        {"Python/astro/1.0", "Python/empty/1.0"},
		"language=python":                        {},
		"language=R&language=Julia":              {"Julia/fast/1"},
		"name=PEC":                               {"R/pecan/1.9", "R/pecan/1.10"},
		"name=%3CIMG":                            {nastyKernel},
		"package=openssl":                        {"Julia/fast/1", "R/pecan/1.9", "R/pecan/1.10"},
		"package=openssl&package=sf":             {"R/pecan/1.9", "R/pecan/1.10"},
		"package=openssl&package=sf&package=":    {"R/pecan/1.9", "R/pecan/1.10"},
		"package=openssl&package=Rcpp":           {"R/pecan/1.9"},
		"package=OpenSSL":                        {},
		"package=openssl&language=R&name=pecan":  {"R/pecan/1.9", "R/pecan/1.10"},
		"package=openssl&language=R&name=absent": {},
		"package=a/b":                            {nastyKernel},
		"unknown=1":                              all,
		"name=%ff":                               {},
	} {
		l, header := s.list("/api/v1/kernels?" + query)
		diff(t, query, want, l.names())
		if l.Total != len(want) || l.Limit != 100 || l.Offset != 0 || header.Get("Link") != "" {
			t.Errorf("%s: total %d, limit %d, offset %d, %s", query, l.Total, l.Limit, l.Offset, header.Get("Link"))
		}
	}
}

func TestKernelOrder(t *testing.T) {
	s := newSite(t, "ours")
	for key, want := range map[string][]string{
		"language": {"Julia/fast/1", "Python/astro/1.0", "Python/empty/1.0", nastyKernel, "R/pecan/1.9", "R/pecan/1.10"},
		"name":     {nastyKernel, "Python/astro/1.0", "Python/empty/1.0", "Julia/fast/1", "R/pecan/1.9", "R/pecan/1.10"},
		// 1 and 1.0 are one version to conda, and the texts decide.
		"version":       {"Julia/fast/1", nastyKernel, "Python/astro/1.0", "Python/empty/1.0", "R/pecan/1.9", "R/pecan/1.10"},
		"package_count": {"Python/empty/1.0", "Julia/fast/1", "Python/astro/1.0", "R/pecan/1.10", nastyKernel, "R/pecan/1.9"},
		"indexed_date":  {"Julia/fast/1", "Python/astro/1.0", "Python/empty/1.0", nastyKernel, "R/pecan/1.9", "R/pecan/1.10"},
	} {
		up, _ := s.list("/api/v1/kernels?sort=" + key)
		down, _ := s.list("/api/v1/kernels?sort=-" + key)
		diff(t, key, want, up.names())
		slices.Reverse(want)
		diff(t, "-"+key, want, down.names())
	}
}

// Versions stand in conda's order also where the file has another one, and names that are no versions come first.
func TestVersionOrderOfTheOriginalsFiles(t *testing.T) {
	l, _ := newSite(t, "original").list("/api/v1/kernels?language=R")
	diff(t, "R", []string{"R/geo/2.0", "R/stats/1.9", "R/stats/1.10", "R/stats/1.91"}, l.names())
	l, _ = newSite(t, "original").list("/api/v1/kernels?sort=version")
	diff(t, "odd versions first", []string{"C++/modern/17 LTS", `C++/<img src=x onerror="alert(1)">/1|2`, "日本語/核/α"}, l.names()[:3])
}

func TestPackageSearch(t *testing.T) {
	s := newSite(t, "ours")
	for query, want := range map[string][]string{
		"query=SSL":          {"openssl"},
		"query=sf":           {"r-sf", "sf"},
		"query=sf&query=cpp": {"Rcpp"},
		"query=nothing":      {},
		"query=%3Cscript%3E": {`</script><script>alert("1")</script>`},
		"limit=2":            {"", `</script><script>alert("1")</script>`},
		"limit=2&offset=9":   {"sf", "zlib"},
		"limit=2&offset=99":  {},
	} {
		l, _ := s.list("/api/v1/packages?" + query)
		diff(t, query, want, l.names())
	}
}

var linkForm = regexp.MustCompile(`<([^>]*)>; rel="(next|prev)"`)

// follow returns the target of a Link.
func follow(t *testing.T, header http.Header, relation string) string {
	t.Helper()
	for _, m := range linkForm.FindAllStringSubmatch(header.Get("Link"), -1) {
		if m[2] == relation {
			return m[1]
		}
	}
	return ""
}

// Who follows next from the first part sees everything once, and who follows prev from beyond the end comes back to the
// first part. What was asked for stays, however hostile.
func TestPagesLinkToEachOther(t *testing.T) {
	for _, base := range []string{"", "/base"} {
		s := newSite(t, "ours", basePath(base))
		for _, list := range []string{
			"/api/v1/kernels?package=openssl&sort=-version&language=R&x=%0D%0AX-Evil:%201", "/api/v1/packages?query=", "/api/v1/kernels?sort=name",
			"/api/v1/packages?query=s&%3E;%20rel%3D%22next%22=%3E%22%C3%A9",
		} {
			whole, header := s.list(base + list)
			if header.Get("Link") != "" {
				t.Errorf("%s: Link %s", list, header.Get("Link"))
			}
			seen := []string{}
			for at, n := base+list+"&limit=2", 0; at != "" && n < 20; n++ {
				part, header := s.list(at)
				if part.Total != whole.Total || part.Limit != 2 || header.Get("X-Total-Count") == "" {
					t.Errorf("%s: total %d, limit %d", at, part.Total, part.Limit)
				}
				seen = append(seen, part.names()...)
				at = follow(t, header, "next")
			}
			diff(t, list+" forward", whole.names(), seen)

			seen = []string{}
			for at, n := base+list+"&limit=2&offset=1000", 0; at != "" && n < 20; n++ {
				part, header := s.list(at)
				seen = append(part.names(), seen...)
				at = follow(t, header, "prev")
			}
			if whole.Total%2 == 0 {
				diff(t, list+" back", whole.names(), seen)
			}
			if whole.Total > 0 && seen[0] != whole.names()[0] {
				t.Errorf("%s: prev leads to %s", list, seen[0])
			}
		}
	}
}

// The values in a Link are those that were asked for.
func TestLinkKeepsTheQuery(t *testing.T) {
	s := newSite(t, "ours")
	_, header := s.list("/api/v1/packages?query=s&limit=1&a=%3E%22%0D%0A&a=2")
	u, err := url.Parse(follow(t, header, "next"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "query", url.Values{"query": {"s"}, "limit": {"1"}, "offset": {"1"}, "a": {">\"\r\n", "2"}}, u.Query())
}

func TestBadParameters(t *testing.T) {
	s := newSite(t, "ours")
	const limit = `{"loc":["query","limit"],"msg":"must be a whole number from 1 to 1000","type":"out_of_range"}`
	const offset = `{"loc":["query","offset"],"msg":"must be a whole number from 0 to 2147483647","type":"out_of_range"}`
	const sort = `{"loc":["query","sort"],"msg":"must be one of language, -language, name, -name, version, -version, ` +
		`package_count, -package_count, indexed_date, -indexed_date","type":"not_a_choice"}`
	for query, want := range map[string]string{
		"limit=0": limit, "limit=1001": limit, "limit=-1": limit, "limit=": limit, "limit": limit, "limit=1.5": limit,
		"limit=1e2": limit, "limit=%2B5": limit, "limit=+5": limit, "limit=%D9%A3": limit, "limit=0x10": limit, "limit=1_0": limit,
		"limit=99999999999999999999": limit, "limit=5&limit=x": limit,
		"offset=-1": offset, "offset=2147483648": offset, "offset=x&limit=10": offset,
		"limit=0&offset=x": limit + "," + offset,
	} {
		for _, route := range []string{"/api/v1/kernels", "/api/v1/packages"} {
			w := s.get(http.StatusUnprocessableEntity, route+"?"+query)
			diff(t, query, `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Invalid query parameters","errors":[`+
				want+`]}`, w.Body.String())
		}
	}
	for _, query := range []string{"sort=size", "sort=", "sort=--name", "sort=name,version"} {
		if body := s.get(http.StatusUnprocessableEntity, "/api/v1/kernels?"+query).Body.String(); !strings.Contains(body, sort) {
			t.Errorf("%s: %s", query, body)
		}
	}
	s.get(http.StatusOK, "/api/v1/kernels?limit=1000&offset=2147483647&sort=-version")
	s.get(http.StatusOK, "/api/v1/packages?limit=x&limit=007")
}

func TestV1Bodies(t *testing.T) {
	ours, original := newSite(t, "ours"), newSite(t, "original")
	const of = `{"generation":"4e6e0d1917f593c1f93ad974bc6c9c9f","generated":"2026-01-31T04:05:06Z",`
	for target, want := range map[string]string{
		"/api/v1/kernels?name=pecan&offset=1": of + `"total":2,"limit":100,"offset":1,"kernels":[{"language":"R","name":"pecan","version":"1.10",` +
			`"language_version":"4.5.1","package_count":3,"indexed_date":"2026-01-31T04:00:00Z","manifest_path":"R/pecan/1.10/package_manifest.json",` +
			"\"description\":\"PEcAn <b>&\u2028é\",\"maintainer\":\"Ann\",\"deprecated\":true,\"deprecation_note\":\"use 1.9\",\"default\":true}]}",
		"/api/v1/kernels?name=absent": of + `"total":0,"limit":100,"offset":0,"kernels":[]}`,
		"/api/v1/kernels/Python/astro/1.0": of + `"language":"Python","name":"astro","version":"1.0","language_version":"3.11","package_count":3,` +
			`"indexed_date":"2026-01-31T04:00:00Z","manifest_path":"Python/astro/1.0/package_manifest.json","packages":[` +
			`{"name":"_libgcc_mutex","version":"0.1","source":"python","build":"main","channel":"defaults"},` +
			`{"name":"astropy","version":"7.1.0","source":"python"},` +
			`{"name":"NumPy","version":"2.3.1","source":"python","build":"py311h0_0","channel":"conda-forge"}]}`,
		"/api/v1/packages?query=sf":  of + `"total":2,"limit":100,"offset":0,"query":"sf","packages":[{"name":"r-sf","kernel_count":1},{"name":"sf","kernel_count":2}]}`,
		"/api/v1/packages?query=%00": of + `"total":0,"limit":100,"offset":0,"query":"\u0000","packages":[]}`,
		"/api/v1/packages/openssl": of + `"name":"openssl","kernel_count":4,"kernels":[` +
			`{"language":"Julia","kernel_name":"fast","kernel_version":"1","version":"3.5.1","source":"conda","build":"h7b32b05_0","channel":"conda-forge"},` +
			`{"language":"R","kernel_name":"pecan","kernel_version":"1.9","version":"3.5.1","source":"conda","build":"h7b32b05_0","channel":"conda-forge"},` +
			`{"language":"R","kernel_name":"pecan","kernel_version":"1.9","version":"2.3.3","source":"r"},` +
			`{"language":"R","kernel_name":"pecan","kernel_version":"1.10","version":"3.5.1","source":"conda","build":"h7b32b05_0","channel":"conda-forge"}]}`,
		"/api/v1/packages/a%2Fb": of + `"name":"a/b","kernel_count":1,"kernels":[` +
			`{"language":"R","kernel_name":"<img src=x onerror=\"alert(1)\">","kernel_version":"1","version":"1","source":"r"}]}`,
	} {
		diff(t, target, want, ours.get(http.StatusOK, target).Body.String())
	}
	diff(t, "no generation", `{"generation":null,"generated":"2025-11-20T21:12:32Z","total":0,"limit":100,"offset":0,"query":"none","packages":[]}`,
		original.get(http.StatusOK, "/api/v1/packages?query=none").Body.String())
}

func TestProblems(t *testing.T) {
	loaded, empty := newSite(t, "ours"), newSite(t, "")
	for _, c := range []struct {
		site           *site
		method, target string
		status         int
		allow, body    string
	}{
		{loaded, "GET", "/api/v1/kernels/R/pecan/2", 404, "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no kernel R/pecan/2"}`},
		{loaded, "GET", "/api/v1/kernels/r/pecan/1.9", 404, "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no kernel r/pecan/1.9"}`},
		{loaded, "GET", "/api/v1/packages/%22%3C%ff", 404, "", "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"There is no package \\\"<\uFFFD\"}"},
		{loaded, "GET", "/api/v1", 404, "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		{loaded, "GET", "/api/v1/nothing", 404, "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		{loaded, "GET", "/api/v1/packages/a/b", 404, "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		{loaded, "GET", "/api/v11", 404, "", `{"detail":"Not Found"}`},
		{loaded, "POST", "/api/v1/kernels", 405, "GET, HEAD", `{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Method Not Allowed"}`},
		{loaded, "OPTIONS", "/api/v1/packages/zlib", 405, "GET, HEAD", `{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Method Not Allowed"}`},
		{empty, "GET", "/api/v1/kernels", 503, "", `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"There is no index yet; see the status"}`},
		{empty, "GET", "/api/v1/packages/zlib", 503, "", `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"There is no index yet; see the status"}`},
		{empty, "GET", "/api/v1/kernels?limit=x", 422, "", `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Invalid query parameters",` +
			`"errors":[{"loc":["query","limit"],"msg":"must be a whole number from 1 to 1000","type":"out_of_range"}]}`},
	} {
		w := c.site.ask(c.method, c.target)
		if w.Code != c.status || w.Header().Get("Allow") != c.allow || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
			t.Errorf("%s %s: %d %v", c.method, c.target, w.Code, w.Header())
		}
		diff(t, c.method+" "+c.target, c.body, w.Body.String())
	}
}

const timeForm = `"(last_look|last_attempt|last_success|failing_since)":"[-0-9T:]+Z"`

func TestStatus(t *testing.T) {
	s := newSite(t, "")
	status := func() string {
		return regexp.MustCompile(timeForm).ReplaceAllString(s.get(http.StatusOK, "/api/v1/status").Body.String(), `"$1":"TIME"`)
	}
	const nothing = `{"version":"1.2.3","generation":null,"generated":null,"index_age_seconds":null,"kernels":0,"packages":0,"package_rows":0,"languages":[],`
	body := status()
	if !strings.HasPrefix(body, nothing+`"last_run":null,"last_run_error":null,"reload":{"last_look":"TIME","last_attempt":"TIME","last_success":null,"failing_since":"TIME","error":"`) {
		t.Error(body)
	}
	if !strings.Contains(body, manifests.CollatedName) || strings.Contains(body, s.dir) {
		t.Errorf("the error names the documents, and not where they are: %s", body)
	}

	s.write(manifests.StatusName, `{"start":"2026-01-31T05:00:00Z","end":"2026-01-31T05:00:09Z","exit_code":4,"phase":"index","kernels":7,"indexed":0,`+
		`"reused":6,"packages":15,"failed_kernel":"R/<b>/1","error":"R/<b>/1: no","inputs":"secret"}`)
	s.use("ours")
	if err := s.pair.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	const ours = `{"version":"1.2.3","generation":"4e6e0d1917f593c1f93ad974bc6c9c9f","generated":"2026-01-31T04:05:06Z","index_age_seconds":%,` +
		`"kernels":6,"packages":11,"package_rows":15,"languages":[{"name":"Julia","kernels":1},{"name":"Python","kernels":2},{"name":"R","kernels":3}],`
	body = status()
	want := strings.Replace(ours, "%", "21294", 1) + `"last_run":{"start":"2026-01-31T05:00:00Z","end":"2026-01-31T05:00:09Z","exit_code":4,` +
		`"phase":"index","kernels":7,"indexed":0,"reused":6,"packages":15,"failed_kernel":"R/<b>/1","error":"R/<b>/1: no"},` +
		`"last_run_error":null,"reload":{"last_look":"TIME","last_attempt":"TIME","last_success":"TIME","failing_since":null,"error":null,`
	if !strings.HasPrefix(body, want) {
		diff(t, "status", want, body)
	}

	// A run that found nothing changed says that the index is right as of its end; one of another generation does not.
	for generation, age := range map[string]string{"4e6e0d1917f593c1f93ad974bc6c9c9f": "10800", "00000000000000000000000000000000": "21294"} {
		s.write(manifests.StatusName, `{"start":"2026-01-31T06:59:00Z","end":"2026-01-31T07:00:00Z","exit_code":0,"phase":"collate","kernels":6,`+
			`"indexed":0,"reused":6,"packages":15,"generation":"`+generation+`"}`)
		if err := s.pair.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if body := status(); !strings.HasPrefix(body, strings.Replace(ours, "%", age, 1)) {
			t.Errorf("age %s: %s", age, body)
		}
	}

	s.write(manifests.StatusName, "{")
	s.refresh()
	if body := status(); !strings.Contains(body, `"last_run_error":"`) || !strings.Contains(body, `"last_run":{"start":"2026-01-31T06:59:00Z"`) ||
		strings.Contains(body, s.dir) {
		t.Error(body)
	}

	// The last good pair stays, with what is wrong.
	s.write(manifests.CollatedName, "{")
	if s.pair.Refresh(t.Context()) == nil {
		t.Fatal("taken")
	}
	if body := status(); !strings.Contains(body, `"kernels":6`) || !strings.Contains(body, `"failing_since":"TIME","error":"`+manifests.CollatedName) {
		t.Error(body)
	}
	s.get(http.StatusOK, "/api/v1/kernels/R/pecan/1.9")
}
