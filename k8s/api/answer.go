package api

import (
	"net/http"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/labstack/echo/v4"

	"kernelindexer/serve"
)

const (
	typeJSON   = "application/json"
	typeStream = "text/event-stream"

	headerETag = "Etag"
)

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
