package webserver_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kernelindexer/webserver"
)

// Suggestions are packages and kernels, a number of each, for whatever was typed.
func TestSuggest(t *testing.T) {
	s := newSite(t, "ours")
	type answer struct {
		Query    string
		Packages []struct {
			Name    string
			Kernels int
		}
		Kernels []struct {
			Name    string `json:"kernel_name"`
			Version string `json:"kernel_version"`
		}
	}
	ask := func(query string) (got answer) {
		t.Helper()
		if err := json.Unmarshal(s.get(http.StatusOK, "/api/v1/suggest?"+query).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := ask("q=SF")
	if len(got.Packages) != 2 || got.Packages[0].Name != "sf" || got.Packages[1].Name != "r-sf" || got.Packages[0].Kernels != 2 || got.Query != "SF" {
		t.Errorf("%+v", got)
	}
	if got = ask("q=r%2Fpec"); len(got.Kernels) != 2 || got.Kernels[0].Name != "pecan" || len(got.Packages) != 0 {
		t.Errorf("%+v", got)
	}
	if got = ask("q=&limit=3"); len(got.Packages) != 3 || len(got.Kernels) != 3 {
		t.Errorf("nothing typed: %+v", got)
	}
	if body := s.get(http.StatusOK, "/api/v1/suggest?q="+url.QueryEscape("none\x00<b>")).Body.String(); !strings.HasSuffix(body, `"packages":[],"kernels":[]}`) {
		t.Errorf("nothing found: %s", body)
	}
	hostile := newSite(t, "original").get(http.StatusOK, "/api/v1/suggest?q=&limit=50").Body.Bytes()
	if err := json.Unmarshal(hostile, &got); err != nil || len(got.Packages) == 0 {
		t.Errorf("%s: %v", hostile, err)
	}
	for _, bad := range []string{"limit=0", "limit=51", "limit=x", "q=" + strings.Repeat("a", 1001)} {
		s.get(http.StatusUnprocessableEntity, "/api/v1/suggest?"+bad)
	}
	newSite(t, "").get(http.StatusServiceUnavailable, "/api/v1/suggest?q=a")
}

// Browsers are told where to search, with the whole address: they take no other.
func TestOpenSearch(t *testing.T) {
	s := newSite(t, "ours", basePath("/base"), func(o *webserver.Options) { o.SiteTitle = "Our <Kernels> & more of them" })
	var got struct {
		ShortName string
		URL       struct {
			Template string `xml:"template,attr"`
		} `xml:"Url"`
	}
	for proto, want := range map[string]string{"": "http", "https": "https", "javascript": "http"} {
		body := s.get(http.StatusOK, "/opensearch.xml", "X-Forwarded-Proto: "+proto).Body.Bytes()
		if err := xml.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if got.URL.Template != want+"://example.com/base/find?q={searchTerms}" || got.ShortName != "Our <Kernels> & " {
			t.Errorf("%+v", got)
		}
	}
	if page := s.get(http.StatusOK, "/help").Body.String(); !strings.Contains(page, `<link rel="search" type="application/opensearchdescription+xml" href="/base/opensearch.xml"`) {
		t.Error("pages do not name it")
	}
}
