package openapitest

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// Contract holds the answers of one service against the document.
type Contract struct {
	document *Document
	handler  http.Handler
	general  General
	last     atomic.Value // the route of the last request, a string
}

// General says what an answer should be that is the same for all routes, such as that to a request for no route, ""; such
// answers stand in the introduction of a document, not at each route. It returns nil for what stands at the route.
type General func(route string, w *httptest.ResponseRecorder) *Answer

// Answer is of which type an answer has to be, and by which of the document's schemas; "" is no body, or any.
type Answer struct{ Type, Schema string }

// Hold returns the contract of the routes of e, which handler serves.
func (d *Document) Hold(e *echo.Echo, handler http.Handler, general General) *Contract {
	c := &Contract{document: d, handler: handler, general: general}
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(ctx echo.Context) error {
			c.last.Store(ctx.Path())
			return next(ctx)
		}
	})
	return c
}

// Route returns the route of the last request, "" if there was none for it.
func (c *Contract) Route() string {
	route, _ := c.last.Load().(string)
	return route
}

// Serve answers a request and checks the answer. It is for one request at a time.
func (c *Contract) Serve(t testing.TB, w *httptest.ResponseRecorder, r *http.Request) {
	t.Helper()
	c.last.Store("")
	head := r.Method == http.MethodHead
	what := r.Method + " " + r.URL.String()
	c.handler.ServeHTTP(w, r)
	what += " " + strconv.Itoa(w.Code)
	if length := w.Header().Get("Content-Length"); !head && length != "" && length != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%s: Content-Length %s of %d bytes", what, length, w.Body.Len())
	}
	at, response := c.expected(w, r.Method)
	if response == nil {
		t.Errorf("%s (%s) is not in the document: %s", what, c.Route(), w.Body)
		return
	}
	c.checkHeaders(t, what, response, w.Header())
	c.checkBody(t, what, at, response, w, head)
}

// expected returns what the document says of an answer, and where.
func (c *Contract) expected(w *httptest.ResponseRecorder, method string) (jsontext.Pointer, any) {
	route := c.Route()
	if answer := c.general(route, w); answer != nil {
		return "", answer.described()
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return c.document.At("paths", template(route), strings.ToLower(method), "responses", strconv.Itoa(w.Code))
}

// described is the answer as a document would describe it.
func (a *Answer) described() any {
	if a.Type == "" {
		return map[string]any{}
	}
	content := map[string]any{}
	if a.Schema != "" {
		content["schema"] = map[string]any{"$ref": "#" + string(Pointer("/components/schemas", a.Schema))}
	}
	return map[string]any{"content": map[string]any{a.Type: content}}
}

// telling are headers that a client may act on: the document has to have them.
var telling = []string{
	"ETag", "Link", "Location", "X-Total-Count", "X-Next-Offset", "Retry-After", "WWW-Authenticate", "Content-Range",
}

func (c *Contract) checkHeaders(t testing.TB, what string, response any, got http.Header) {
	t.Helper()
	for name, values := range got {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: header %s is %q", what, name, value)
			}
		}
	}
	headers, _ := member(response, "headers").(map[string]any)
	for name, described := range headers {
		if ref, ok := member(described, "$ref").(string); ok {
			_, described = c.document.find(target(ref))
		}
		value := got.Get(name)
		if value == "" {
			if member(described, "required") == true {
				t.Errorf("%s: no header %s", what, name)
			}
			continue
		}
		if err := header(value, described); err != nil {
			t.Errorf("%s: header %s: %v", what, name, err)
		}
	}
	inDocument := member(response, "description") != nil // the introduction describes no headers
	for _, name := range telling {
		if got.Get(name) != "" && headers[name] == nil && inDocument {
			t.Errorf("%s: header %s is not in the document", what, name)
		}
	}
}

func (c *Contract) checkBody(t testing.TB, what string, at jsontext.Pointer, response any, w *httptest.ResponseRecorder, head bool) {
	t.Helper()
	content, _ := member(response, "content").(map[string]any)
	kind := w.Header().Get("Content-Type")
	if len(content) == 0 {
		if w.Body.Len() > 0 || kind != "" {
			t.Errorf("%s: %q of type %q where there should be no body", what, w.Body, kind)
		}
		return
	}
	if content[kind] == nil {
		// The boundary of parts is a parameter that nobody can describe.
		if bare, _, err := mime.ParseMediaType(kind); err != nil || bare != "multipart/byteranges" || content[bare] == nil {
			t.Errorf("%s: type %q, want one of %v", what, kind, content)
			return
		}
	}
	if head || !strings.HasSuffix(kind, "json") || w.Code == http.StatusPartialContent {
		return
	}
	schema := Pointer(at, "content", kind, "schema")
	if ref, ok := member(member(content[kind], "schema"), "$ref").(string); ok {
		schema = target(ref)
	}
	if err := c.document.validate(w.Body.Bytes(), schema); err != nil {
		t.Errorf("%s: %v in %s", what, err, w.Body)
	}
}
