package webserver

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"kernelindexer/serve"
)

// Header names and values that are set in each answer, in the form in which net/http keeps them, so that setting them
// costs no memory. Nobody changes the slices.
const (
	headerContentType   = "Content-Type"
	headerContentLength = "Content-Length"
	headerCacheControl  = "Cache-Control"
	headerETag          = "Etag"
)

var (
	typeJSON = []string{"application/json"}
	typeText = []string{"text/plain; charset=utf-8"}
	typeHTML = []string{"text/html; charset=utf-8"}
	typeCSS  = []string{"text/css; charset=utf-8"}
	typeSVG  = []string{"image/svg+xml"}
	typeJS   = []string{"text/javascript; charset=utf-8"}
	typePNG  = []string{"image/png"}
	typeCSV  = []string{"text/csv; charset=utf-8"}

	noCache = []string{"no-cache"} // keep it, but ask whether it still holds
	noStore = []string{"no-store"}
)

// writeBody writes a whole answer.
func writeBody(c echo.Context, status int, contentType []string, body []byte) error {
	return serve.WriteBody(c.Response(), status, contentType, body)
}

// writeSized is writeBody for those who know the length as a header.
func writeSized(c echo.Context, status int, contentType, length []string, body []byte) error {
	w := c.Response()
	h := w.Header()
	h[headerContentType] = contentType
	h[headerContentLength] = length
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// writeJSON writes a value as the original would: compact, nothing escaped for HTML, no newline.
func writeJSON(c echo.Context, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeBody(c, http.StatusOK, typeJSON, body)
}

// appendString appends text as a JSON string, as Python's json.dumps does with ensure_ascii=False. The text must be
// UTF-8.
func appendString(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// tagged marks the answer as one made of the generation. It reports whether the client has that already; then the answer
// is written: 304.
func (g *generation) tagged(c echo.Context) bool { return tagged(c, g.etag) }

// tagged sets an entity tag, which is a header with quotes, and compares it with those that the client has: weakly, as
// RFC 9110 13.1.2 says. Tags are plain here; whoever compresses marks them on their way out and back in.
func tagged(c echo.Context, etag []string) bool { return taggedAs(c, etag, noCache) }

// taggedAs is tagged for what may be kept in another way.
func taggedAs(c echo.Context, etag, control []string) bool {
	h := c.Response().Header()
	h[headerETag] = etag
	h[headerCacheControl] = control
	for _, line := range c.Request().Header["If-None-Match"] {
		for tag := range strings.SplitSeq(line, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == etag[0] || tag == "*" {
				c.Response().WriteHeader(http.StatusNotModified)
				return true
			}
		}
	}
	return false
}

// contentTag is the entity tag, as a header, of an answer that is not made of the pair.
func contentTag(body []byte) []string {
	sum := sha256.Sum256(body)
	return []string{`"` + hex.EncodeToString(sum[:16]) + `"`}
}

// answerPool keeps the memory that answers are built in.
type answerPool struct{ pool sync.Pool }

// maxPooled bounds the bytes of one kept buffer: one large answer must not hold its memory for ever.
const maxPooled = 2 << 20

func (p *answerPool) get() *answer {
	a, ok := p.pool.Get().(*answer)
	if !ok {
		a = &answer{}
	}
	return a
}

func (p *answerPool) put(a *answer) {
	clear(a.hits) // or it would keep its catalog
	a.hits, a.buf = a.hits[:0], a.buf[:0]
	if cap(a.buf) <= maxPooled {
		p.pool.Put(a)
	}
}
