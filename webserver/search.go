package webserver

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
)

// streamAt is the size from which an answer is sent in pieces while it is made, in bytes. The empty query asks for
// everything there is, which can be more than the documents take on disk.
const streamAt = 1 << 20

// answer is a body in the making.
type answer struct {
	buf  []byte
	hits []catalog.Package
}

// searchPackages lists the packages whose names contain the query, whatever the case (W8). No query is the empty one,
// which all names contain, and the last of several counts.
func (s *server) searchPackages(c echo.Context) error {
	g, err := s.loaded(noIndex)
	if err != nil {
		return err
	}
	if g.tagged(c) {
		return nil
	}
	query := lastParameter(c.Request().URL.RawQuery, "query")
	if kept, ok := g.searches.get(query); ok {
		return writeSized(c, http.StatusOK, typeJSON, kept.length, kept.body)
	}
	a := s.answers.get()
	defer s.answers.put(a)
	if done := a.search(g.Catalog, query); done < len(a.hits) {
		return a.stream(c, done)
	}
	g.searches.add(query, a.buf)
	return writeBody(c, http.StatusOK, typeJSON, a.buf)
}

// search builds the answer and returns how many of the hits are in it: all, or as many as fit into streamAt bytes.
func (a *answer) search(c *catalog.Catalog, query string) int {
	for p := range c.Search(query) {
		a.hits = append(a.hits, p)
	}
	a.buf = append(a.buf, `{"query":`...)
	a.buf = appendString(a.buf, query)
	a.buf = append(a.buf, `,"total_matches":`...)
	a.buf = strconv.AppendInt(a.buf, int64(len(a.hits)), 10)
	a.buf = append(a.buf, `,"packages":[`...)
	for i := range a.hits {
		if len(a.buf) >= streamAt {
			return i
		}
		a.appendHit(i)
	}
	a.buf = append(a.buf, `]}`...)
	return len(a.hits)
}

func (a *answer) appendHit(i int) {
	if i > 0 {
		a.buf = append(a.buf, ',')
	}
	a.buf = a.hits[i].AppendJSON(a.buf)
}

// stream sends what is in the buffer and then the hits that are not. Its length is not known before its end.
func (a *answer) stream(c echo.Context, done int) error {
	w := c.Response()
	w.Header()[headerContentType] = typeJSON
	w.WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	for i := done; i < len(a.hits); i++ {
		if len(a.buf) >= streamAt/4 {
			if _, err := w.Write(a.buf); err != nil {
				return err // the client has gone
			}
			a.buf = a.buf[:0]
		}
		a.appendHit(i)
	}
	_, err := w.Write(append(a.buf, `]}`...))
	return err
}

// Bounds of the searches that are kept for one generation: bytes of a query, of one answer and of all, and their number.
const (
	maxKeptQuery   = 256
	maxKeptAnswer  = 256 << 10
	maxKeptBytes   = 16 << 20
	maxKeptAnswers = 4096
)

// answerCache keeps whole answers of searches. A full one is emptied: popular queries are back at once, and others are
// no loss.
type answerCache struct {
	kept  atomic.Pointer[sync.Map] // of query: *keptAnswer
	mu    sync.Mutex               // for adding
	bytes int
	count int
}

// keptAnswer is a body and its length as a header.
type keptAnswer struct {
	body   []byte
	length []string
}

func (ac *answerCache) get(query string) (*keptAnswer, bool) {
	m := ac.kept.Load()
	if m == nil {
		return nil, false
	}
	v, ok := m.Load(query)
	if !ok {
		return nil, false
	}
	kept, ok := v.(*keptAnswer)
	return kept, ok
}

// add keeps a copy of the body, if neither it nor the query is too large.
func (ac *answerCache) add(query string, body []byte) {
	if len(query) > maxKeptQuery || len(body) > maxKeptAnswer {
		return
	}
	ac.mu.Lock()
	defer ac.mu.Unlock()
	m := ac.kept.Load()
	if m == nil || ac.bytes+len(body) > maxKeptBytes || ac.count == maxKeptAnswers {
		m = &sync.Map{}
		ac.kept.Store(m)
		ac.bytes, ac.count = 0, 0
	}
	kept := &keptAnswer{body: append([]byte(nil), body...), length: []string{strconv.Itoa(len(body))}}
	if _, known := m.LoadOrStore(strings.Clone(query), kept); !known {
		ac.bytes += len(body)
		ac.count++
	}
}
