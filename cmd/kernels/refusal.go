package main

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxProblem bounds what is read of an answer that is not the document, in bytes.
const maxProblem = 8 << 10

// refusal returns nil for an answer that is a document, else what the server said and what that means here.
func refusal(r *http.Response) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	page := err == nil && kind == "text/html"
	switch {
	case r.StatusCode == http.StatusOK && page:
		return fmt.Errorf("the answer is a web page and no document; is the address right, or does it ask for a login?")
	case r.StatusCode == http.StatusOK:
		return nil
	case r.StatusCode == http.StatusNotFound && page:
		return fmt.Errorf("%s; is that the address of a kernel-web server, with its base path?", r.Status)
	}
	if detail := problem(r.Body); detail != "" {
		return fmt.Errorf("%s: %s", r.Status, detail)
	}
	switch r.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%s; is that the address of a kernel-web server, with its base path?", r.Status)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s; the server wants to know who asks: use the directory if you can read it", r.Status)
	}
	return fmt.Errorf("%s; try again later, or ask who runs the server", r.Status)
}

// problem returns the detail of a problem object, or nothing.
func problem(body io.Reader) string {
	data, err := io.ReadAll(io.LimitReader(body, maxProblem))
	if err != nil {
		return ""
	}
	var said struct {
		Title  string         `json:"title"`
		Detail jsontext.Value `json:"detail"`
	}
	if json.Unmarshal(data, &said) != nil {
		return ""
	}
	var detail string
	if said.Detail == nil || json.Unmarshal(said.Detail, &detail) != nil {
		detail = said.Title
	}
	return strings.TrimSpace(detail)
}
