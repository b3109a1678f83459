package api_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"kernelindexer/k8s/api"
)

// contract holds answers against the OpenAPI document, more strictly than the document says: objects may have no members
// that it does not describe. (Clients must accept such, or nothing could ever be added; tests must not.)
type contract struct {
	handler http.Handler
	route   atomic.Value // of the last request, a string
	*description
}

type description struct {
	compiler *jsonschema.Compiler
	document map[string]any
}

const documentURL = "openapi.json"

// described is the document, compiled once: tests here are not parallel.
var described = sync.OnceValues(func() (*description, error) {
	data, err := os.ReadFile(documentURL)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	seal(document)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	return &description{c, document.(map[string]any)}, c.AddResource(documentURL, document)
})

// seal forbids members that a schema does not name.
func seal(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			seal(member)
		}
		if _, named := v["properties"].(map[string]any); named {
			v["additionalProperties"] = false
		}
	case []any:
		for _, element := range v {
			seal(element)
		}
	}
}

func newContract(t testing.TB, e *echo.Echo, handler http.Handler) *contract {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{handler: handler, description: d}
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(ctx echo.Context) error {
			c.route.Store(ctx.Path())
			return next(ctx)
		}
	})
	return c
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

func member(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// serve answers a request and checks the answer.
func (c *contract) serve(t testing.TB, w *httptest.ResponseRecorder, r *http.Request) {
	t.Helper()
	c.route.Store("")
	c.handler.ServeHTTP(w, r)
	route := c.route.Load().(string)
	what := r.Method + " " + r.URL.String() + " " + strconv.Itoa(w.Code)
	if w.Header().Get("X-Request-Id") == "" {
		t.Errorf("%s: no X-Request-Id", what)
	}
	for name, values := range w.Header() {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: header %s is %q", what, name, value)
			}
		}
	}
	schema := "/components/schemas/Problem"
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if route != "" && w.Code != http.StatusMethodNotAllowed {
		path := []string{"paths", template(route), strings.ToLower(r.Method), "responses", strconv.Itoa(w.Code)}
		response := member(c.document, path...)
		if response == nil {
			t.Errorf("%s (%s) is not in the document: %s", what, route, w.Body)
			return
		}
		content, _ := member(response, "content").(map[string]any)
		if len(content) == 0 {
			if w.Body.Len() > 0 {
				t.Errorf("%s: %q where there should be no body", what, w.Body)
			}
			return
		}
		full := w.Header().Get("Content-Type")
		if content[full] == nil {
			t.Errorf("%s: type %q", what, full)
			return
		}
		c.checkHeaders(t, what, response, w)
		schema = ""
		for _, name := range append(path, "content", full, "schema") {
			schema += "/" + escape(name)
		}
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Errorf("%s: %v in %s", what, err, w.Body)
		return
	}
	compiled, err := c.compiler.Compile(documentURL + "#" + schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(body); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func (c *contract) checkHeaders(t testing.TB, what string, response any, w *httptest.ResponseRecorder) {
	t.Helper()
	headers, _ := member(response, "headers").(map[string]any)
	for name, header := range headers {
		if member(header, "required") == true && w.Header().Get(name) == "" {
			t.Errorf("%s: no header %s", what, name)
		}
	}
	for _, name := range []string{"ETag", "Link", "Location", "X-Total-Count", "X-Next-Offset", "Retry-After", "WWW-Authenticate"} {
		if w.Header().Get(name) != "" && headers[name] == nil {
			t.Errorf("%s: header %s is not in the document", what, name)
		}
	}
}

// The document is valid OpenAPI 3.1, and its paths are just the routes there are.
func TestDocumentDescribesEveryRoute(t *testing.T) {
	s := newSite(t)
	doc, err := openapi3.NewLoader().LoadFromData(s.get(http.StatusOK, "", "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	var described, routes []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described = append(described, method+" "+path)
			for _, p := range op.Parameters {
				if p.Value.In == "path" && !strings.Contains(path, "{"+p.Value.Name+"}") {
					t.Errorf("%s has no parameter %s", path, p.Value.Name)
				}
			}
			if n := strings.Count(path, "{"); n != len(slices.DeleteFunc(slices.Clone(op.Parameters), func(p *openapi3.ParameterRef) bool { return p.Value.In != "path" })) {
				t.Errorf("%s %s: %d parameters in the path", method, path, n)
			}
		}
	}
	for _, r := range s.echo.Routes() {
		if r.Method != echo.RouteNotFound {
			routes = append(routes, r.Method+" "+template(r.Path))
		}
	}
	slices.Sort(described)
	slices.Sort(routes)
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("routes (-server +document)\n%s", diff)
	}
}

// Every code of a failure is in the document.
func TestDocumentNamesEveryCode(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	named, _ := member(d.document, "components", "schemas", "Problem", "properties", "code", "enum").([]any)
	var list []string
	for _, code := range named {
		list = append(list, code.(string))
	}
	slices.Sort(list)
	if diff := cmp.Diff(api.Codes(), list); diff != "" {
		t.Errorf("codes (-server +document)\n%s", diff)
	}
}
