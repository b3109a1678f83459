package openapitest

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
)

// EveryRoute fails a test unless a document, in JSON, is valid OpenAPI 3.1, its paths are just the routes there are, and
// the parameters of a path those in it. Routes of some methods may be left out, those that go without saying.
func EveryRoute(t testing.TB, data []byte, routes []*echo.Route, without ...string) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	var described, served []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described = append(described, method+" "+path)
			checkParameters(t, method+" "+path, op.Parameters)
		}
	}
	for _, r := range routes {
		if r.Method != echo.RouteNotFound && !slices.Contains(without, r.Method) {
			served = append(served, r.Method+" "+template(r.Path))
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("routes (-server +document)\n%s", diff)
	}
}

func checkParameters(t testing.TB, what string, parameters openapi3.Parameters) {
	t.Helper()
	n := 0
	for _, p := range parameters {
		if p.Value.In != openapi3.ParameterInPath {
			continue
		}
		n++
		if !strings.Contains(what, "{"+p.Value.Name+"}") {
			t.Errorf("%s has no parameter %s", what, p.Value.Name)
		}
	}
	if want := strings.Count(what, "{"); n != want {
		t.Errorf("%s: %d parameters of the path are described", what, n)
	}
}

// template is a route of echo as OpenAPI writes it.
func template(route string) string {
	parts := strings.Split(route, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}
