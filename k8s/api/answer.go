package api

import (
	_ "embed" // the description
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/labstack/echo/v4"

	"kernelindexer/serve"
)

const (
	typeJSON   = "application/json"
	typeStream = "text/event-stream"

	headerETag = "Etag"
)

// raw is JSON that is made already.
type raw = jsontext.Value

// document describes the interface. A test holds every answer of all tests against it.
//
//go:embed openapi.json
var document []byte

func (s *server) openAPI(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-cache")
	return writeBody(c, http.StatusOK, typeJSON, document)
}

// writeBody writes a whole answer.
func writeBody(c echo.Context, status int, contentType string, body []byte) error {
	return serve.WriteBody(c.Response(), status, []string{contentType}, body)
}

// writeJSON writes a value, the members of maps in order; omitempty in the types of other packages is what it is in
// encoding/json. What it says depends on who asks, and may change at any time.
func writeJSON(c echo.Context, status int, value any) error {
	body, err := json.Marshal(value, json.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		return &failure{code: codeInternal, detail: "an error of the service", cause: err}
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return writeBody(c, status, typeJSON, append(body, '\n'))
}

func writeNothing(c echo.Context) error {
	c.Response().WriteHeader(http.StatusNoContent)
	return nil
}
