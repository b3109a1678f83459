package webserver

import (
	"bytes"
	_ "embed"
	"fmt"
	"iter"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

// openAPIFile describes all routes in OpenAPI 3.1. It is written by hand; tests hold every answer against it.
//
//go:embed assets/openapi.json
var openAPIFile []byte

// apiDocument is the description as it is served, and what the page for people shows of it.
type apiDocument struct {
	body []byte
	etag []string
	docs docsData
}

// newAPIDocument makes the description for a site below the base path.
func newAPIDocument(base string) (apiDocument, error) {
	body := openAPIFile
	if base != "" {
		var err error
		if body, err = withServer(body, base); err != nil {
			return apiDocument{}, fmt.Errorf("the description of the API: %w", err)
		}
	}
	docs, err := newDocsData(body)
	if err != nil {
		return apiDocument{}, fmt.Errorf("the page of the API: %w", err)
	}
	return apiDocument{body: body, etag: contentTag(body), docs: docs}, nil
}

// withServer puts the base path into the list of servers.
func withServer(document []byte, base string) ([]byte, error) {
	var out bytes.Buffer
	enc := jsontext.NewEncoder(&out, jsontext.WithIndent(" "), jsontext.PreserveRawStrings(true))
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return nil, err
	}
	for name, value := range members(document) {
		if name == "servers" {
			value = jsontext.Value(`[{"url":"` + base + `"}]`)
		}
		if err := enc.WriteToken(jsontext.String(name)); err != nil {
			return nil, err
		}
		if err := enc.WriteValue(value); err != nil {
			return nil, err
		}
	}
	if err := enc.WriteToken(jsontext.EndObject); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// members yields the members of a JSON object in their order; nothing if it is none.
func members(object jsontext.Value) iter.Seq2[string, jsontext.Value] {
	return func(yield func(string, jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewReader(object))
		if open, err := dec.ReadToken(); err != nil || open.Kind() != '{' {
			return
		}
		for dec.PeekKind() == '"' {
			name, err := dec.ReadToken()
			if err != nil {
				return
			}
			key := name.String()
			value, err := dec.ReadValue()
			if err != nil || !yield(key, value.Clone()) {
				return
			}
		}
	}
}

// at follows a path of member names; nil where there is none.
func at(value jsontext.Value, path ...string) jsontext.Value {
	for _, name := range path {
		var next jsontext.Value
		for n, v := range members(value) {
			if n == name {
				next = v
			}
		}
		value = next
	}
	return value
}

// text is the string at a path, or "".
func text(value jsontext.Value, path ...string) string {
	var s string
	if err := json.Unmarshal(at(value, path...), &s); err != nil {
		return ""
	}
	return s
}

// openAPI serves the description (W10).
func (s *server) openAPI(c echo.Context) error {
	if tagged(c, s.api.etag) {
		return nil
	}
	return writeBody(c, http.StatusOK, typeJSON, s.api.body)
}

// docsPage serves the description for people. It needs no network but this server.
func (s *server) docsPage(c echo.Context) error {
	body, err := s.renderPage(frame{
		Name: "docs", Title: s.api.docs.Title, Section: "docs", Twin: s.BasePath + "/openapi.json", Main: s.api.docs,
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", pagePolicy)
	if tagged(c, contentTag(body)) { // it is the same before there is an index
		return nil
	}
	return writeBody(c, http.StatusOK, typeHTML, body)
}
