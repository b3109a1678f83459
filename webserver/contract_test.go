package webserver_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"kernelindexer/webserver"
)

// contract holds answers against the OpenAPI document, more strictly than the document says: objects may have no
// members that it does not describe. (Clients must accept such, or nothing could ever be added; tests must not.)
type contract struct {
	echo *echo.Echo
	last atomic.Value // the route of the last request, a string
	*schemas
}

const documentURL = "openapi.json"

// printable is what header values may consist of, whatever the names in the documents are.
const printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

func newContract(t testing.TB, e *echo.Echo) *contract {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{echo: e, schemas: s}
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(ctx echo.Context) error {
			c.last.Store(ctx.Path())
			return next(ctx)
		}
	})
	return c
}

// compiled is the document and what compiles its schemas, for all sites: tests here are not parallel.
var compiled = sync.OnceValues(func() (*schemas, error) {
	data, err := os.ReadFile(filepath.Join("assets", documentURL))
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
	return &schemas{c, document.(map[string]any)}, c.AddResource(documentURL, document)
})

type schemas struct {
	compiler *jsonschema.Compiler
	document map[string]any
}

// seal forbids members that a schema does not name.
func seal(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			seal(member)
		}
		if _, named := v["properties"]; named {
			v["additionalProperties"] = false
		}
	case []any:
		for _, element := range v {
			seal(element)
		}
	}
}

// at follows a path of members and references.
func (c *contract) at(pointer string) (string, any) {
	var value any = c.document
	resolved := ""
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		object, _ := value.(map[string]any)
		value = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
		resolved += "/" + name
		if ref, ok := member(value, "$ref").(string); ok {
			resolved, value = c.at(strings.TrimPrefix(ref, "#"))
		}
	}
	return resolved, value
}

func (c *contract) route() string { return c.last.Load().(string) }

func member(value any, name string) any {
	object, _ := value.(map[string]any)
	return object[name]
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

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

// serve answers a request and checks the answer.
func (c *contract) serve(t testing.TB, w *httptest.ResponseRecorder, r *http.Request) {
	t.Helper()
	c.last.Store("")
	head := r.Method == http.MethodHead
	c.echo.ServeHTTP(w, r)
	what := r.Method + " " + r.URL.String() + " " + strconv.Itoa(w.Code)
	if !head && w.Header().Get("Content-Length") != "" && w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%s: Content-Length %s of %d bytes", what, w.Header().Get("Content-Length"), w.Body.Len())
	}
	pointer, response := c.expected(w, r)
	if response == nil {
		t.Errorf("%s (%s) is not in the document: %s", what, c.route(), w.Body)
		return
	}
	c.checkHeaders(t, what, pointer, response, w)
	c.checkBody(t, what, pointer, response, w, head)
}

// expected returns what the document says of an answer. Answers that are the same for all routes stand in its
// introduction, not at each route: redirects, and errors of requests for no route.
func (c *contract) expected(w *httptest.ResponseRecorder, r *http.Request) (string, any) {
	v1 := strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json")
	general := func(schema, kind string) (string, any) {
		return "/general", map[string]any{"content": map[string]any{kind: map[string]any{
			"schema": map[string]any{"$ref": "#/components/schemas/" + schema},
		}}}
	}
	unrouted := w.Code == http.StatusMethodNotAllowed || w.Code == http.StatusNotFound &&
		(c.route() == "" || strings.Contains(w.Body.String(), `"detail":"Not Found"`))
	switch {
	case w.Code == http.StatusTemporaryRedirect:
		return "/general", map[string]any{}
	case unrouted && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && c.route() == "":
		return "/general", map[string]any{"content": map[string]any{"text/html; charset=utf-8": map[string]any{}}}
	case unrouted && v1:
		return general("Problem", "application/problem+json")
	case unrouted:
		return general("Error", "application/json")
	}
	method := strings.ToLower(r.Method)
	if r.Method == http.MethodHead {
		method = "get"
	}
	return c.at("/paths/" + escape(template(c.route())) + "/" + method + "/responses/" + strconv.Itoa(w.Code))
}

func (c *contract) checkHeaders(t testing.TB, what, pointer string, response any, w *httptest.ResponseRecorder) {
	t.Helper()
	for name, values := range w.Header() {
		for _, value := range values {
			if strings.Trim(value, printable) != "" {
				t.Errorf("%s: header %s is %q", what, name, value)
			}
		}
	}
	headers, _ := member(response, "headers").(map[string]any)
	for name := range headers {
		_, header := c.at(pointer + "/headers/" + escape(name))
		value := w.Header().Get(name)
		if value == "" {
			if member(header, "required") == true {
				t.Errorf("%s: no header %s", what, name)
			}
			continue
		}
		schema, err := json.Marshal(member(header, "schema"))
		if err != nil {
			t.Fatal(err)
		}
		var s openapi3.Schema
		if err := s.UnmarshalJSON(schema); err != nil {
			t.Fatal(err)
		}
		if err := s.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s: header %s: %v", what, name, err)
		}
	}
	for _, name := range []string{"ETag", "Link", "X-Total-Count", "Retry-After", "WWW-Authenticate", "Content-Range"} {
		if _, described := headers[name]; w.Header().Get(name) != "" && !described {
			t.Errorf("%s: header %s is not in the document", what, name)
		}
	}
}

func (c *contract) checkBody(t testing.TB, what, pointer string, response any, w *httptest.ResponseRecorder, head bool) {
	t.Helper()
	content, _ := member(response, "content").(map[string]any)
	kind := w.Header().Get("Content-Type")
	if len(content) == 0 {
		if w.Body.Len() > 0 || kind != "" {
			t.Errorf("%s: %q of type %q where there should be no body", what, w.Body, kind)
		}
		return
	}
	if _, ok := content[kind]; !ok {
		if bare, _, _ := strings.Cut(kind, ";"); content[bare] == nil || bare != "multipart/byteranges" {
			t.Errorf("%s: type %q, want one of %v", what, kind, content)
			return
		}
	}
	if head || !strings.HasSuffix(kind, "json") || w.Code == http.StatusPartialContent {
		return
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Errorf("%s: %v in %s", what, err, w.Body)
		return
	}
	at := pointer + "/content/" + escape(kind) + "/schema"
	if ref, ok := member(member(content[kind], "schema"), "$ref").(string); ok {
		at = strings.TrimPrefix(ref, "#")
	}
	schema, err := c.compiler.Compile(documentURL + "#" + at)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(body); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// The document is valid OpenAPI 3.1, and its paths are just the routes there are.
func TestDocumentDescribesEveryRoute(t *testing.T) {
	s := newSite(t, "ours")
	w := s.get(http.StatusOK, "/openapi.json")
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
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
		}
	}
	for _, r := range s.echo.Routes() {
		if r.Method == http.MethodHead || r.Method == http.MethodOptions {
			continue // HEAD goes with GET, OPTIONS is a 405 everywhere
		}
		routes = append(routes, r.Method+" "+template(r.Path))
	}
	slices.Sort(described)
	slices.Sort(routes)
	diff(t, "routes", routes, described)
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
