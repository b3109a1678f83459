package serve

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// WriteBody writes a whole answer. contentType is the header as net/http keeps it, so that setting one that exists costs
// no memory. net/http leaves the body out for HEAD. The error is that of a client that has gone.
func WriteBody(w http.ResponseWriter, status int, contentType []string, body []byte) error {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

// Problem is an error as clients get it (RFC 9457). Services embed it in what they have to say beside it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// NewProblem is a problem that its status says the kind of.
func NewProblem(status int, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

var (
	typeProblem = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
)

// WriteProblem answers with a value that has a [Problem] in it. What was said in headers of the answer that does not come
// is taken back. Text in it that is not UTF-8 is mended: an error must not fail for what it is about.
func WriteProblem(w http.ResponseWriter, status int, problem any) error {
	body, err := json.Marshal(problem, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Del("Etag")
	h.Del("Location")
	h["Cache-Control"] = noStore
	return WriteBody(w, status, typeProblem, body)
}
