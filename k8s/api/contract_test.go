package api_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/api"
	"kernelindexer/serve/openapitest"
)

// described is the document, for all sites.
var described = sync.OnceValues(func() (*openapitest.Document, error) {
	data, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	return openapitest.Parse(data)
})

// newContract has every answer of a site held against the document.
func newContract(t testing.TB, e *echo.Echo, handler http.Handler) *openapitest.Contract {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return d.Hold(e, handler, general)
}

// general are errors of requests for no route.
func general(route string, w *httptest.ResponseRecorder) *openapitest.Answer {
	if route != "" && w.Code != http.StatusMethodNotAllowed {
		return nil
	}
	return &openapitest.Answer{Type: "application/problem+json", Schema: "Problem"}
}

func TestDocumentDescribesEveryRoute(t *testing.T) {
	s := newSite(t)
	openapitest.EveryRoute(t, s.get(http.StatusOK, "", "/openapi.json").Body.Bytes(), s.echo.Routes())
}

// Every code of a failure is in the document.
func TestDocumentNamesEveryCode(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	_, enum := d.At("components", "schemas", "Problem", "properties", "code", "enum")
	named, _ := enum.([]any)
	var list []string
	for _, code := range named {
		list = append(list, code.(string))
	}
	slices.Sort(list)
	if diff := cmp.Diff(api.Codes(), list); diff != "" {
		t.Errorf("codes (-server +document)\n%s", diff)
	}
}
