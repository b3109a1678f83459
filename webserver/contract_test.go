package webserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"kernelindexer/serve/openapitest"
	"kernelindexer/webserver"
)

// described is the document, for all sites.
var described = sync.OnceValues(func() (*openapitest.Document, error) {
	data, err := os.ReadFile("assets/openapi.json")
	if err != nil {
		return nil, err
	}
	return openapitest.Parse(data)
})

// newContract has every answer of a site held against the document.
func newContract(t testing.TB, e *echo.Echo) *openapitest.Contract {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return d.Hold(e, e, general)
}

// general are redirects, and errors of requests for no route.
func general(route string, w *httptest.ResponseRecorder) *openapitest.Answer {
	kind := w.Header().Get("Content-Type")
	unrouted := w.Code == http.StatusMethodNotAllowed || w.Code == http.StatusNotFound &&
		(route == "" || strings.Contains(w.Body.String(), `"detail":"Not Found"`))
	switch {
	case w.Code == http.StatusTemporaryRedirect:
		return &openapitest.Answer{}
	case !unrouted:
		return nil
	case strings.HasPrefix(kind, "text/html") && route == "":
		return &openapitest.Answer{Type: "text/html; charset=utf-8"}
	case strings.HasPrefix(kind, "application/problem+json"):
		return &openapitest.Answer{Type: "application/problem+json", Schema: "Problem"}
	}
	return &openapitest.Answer{Type: "application/json", Schema: "Error"}
}

// HEAD goes with GET, OPTIONS is a 405 everywhere.
func TestDocumentDescribesEveryRoute(t *testing.T) {
	s := newSite(t, "ours")
	openapitest.EveryRoute(t, s.get(http.StatusOK, "/openapi.json").Body.Bytes(), s.echo.Routes(), http.MethodHead, http.MethodOptions)
}

// Generated clients of the original call operations by these names.
func TestOperationIDsOfTheOriginal(t *testing.T) {
	s := newSite(t, "")
	doc, err := openapi3.NewLoader().LoadFromData(s.get(http.StatusOK, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for path, id := range map[string]string{
		"/":                           "root__get",
		"/health":                     "health_health_get",
		"/api/languages":              "get_languages_api_languages_get",
		"/api/kernels/{language}":     "get_kernels_for_language_api_kernels__language__get",
		"/api/packages/search":        "search_packages_api_packages_search_get",
		"/api/package/{package_name}": "get_package_info_api_package__package_name__get",
		"/api/kernel/{language}/{kernel_name}/{version}":   "get_kernel_details_api_kernel__language___kernel_name___version__get",
		"/api/manifest/{language}/{kernel_name}/{version}": "get_kernel_manifest_api_manifest__language___kernel_name___version__get",
	} {
		if got := doc.Paths.Value(path).Get.OperationID; got != id {
			t.Errorf("%s is %s, want %s", path, got, id)
		}
	}
	if got := doc.Paths.Value("/api/refresh").Post.OperationID; got != "manual_refresh_api_refresh_post" {
		t.Errorf("refresh is %s", got)
	}
}

// Below a base path the document says so, and is otherwise the same.
func TestDocumentBelowBasePath(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) { o.BasePath = "/services/kernels/" })
	var got, want map[string]any
	if err := json.Unmarshal(s.get(http.StatusOK, "/services/kernels/openapi.json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(newSite(t, "ours").get(http.StatusOK, "/openapi.json").Body.Bytes(), &want); err != nil {
		t.Fatal(err)
	}
	diff(t, "servers", any([]any{map[string]any{"url": "/services/kernels"}}), got["servers"])
	delete(got, "servers")
	delete(want, "servers")
	diff(t, "document", want, got)
}

// The page for people shows every operation and every schema of the document, and asks no other server for anything.
func TestDocsPageShowsTheDocument(t *testing.T) {
	s := newSite(t, "")
	page := s.get(http.StatusOK, "/docs").Body.String()
	doc, err := openapi3.NewLoader().LoadFromData(s.get(http.StatusOK, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, want := range []string{method + " " + path, `id="` + op.OperationID + `"`, op.Summary} {
				if !strings.Contains(page, want) {
					t.Errorf("the page has no %q", want)
				}
			}
		}
	}
	for name := range doc.Components.Schemas {
		if !strings.Contains(page, `id="schema-`+name+`"`) {
			t.Errorf("the page has no schema %s", name)
		}
	}
	for _, foreign := range []string{"http://", "https://", `"//`, "<script>"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s in it", foreign)
		}
	}
	if !strings.Contains(page, "whatever the case") || !strings.Contains(page, "&#34;maximum&#34;:1000") && !strings.Contains(page, `&#34;maximum&#34;: 1000`) {
		t.Error("the page does not show parameters")
	}
}
