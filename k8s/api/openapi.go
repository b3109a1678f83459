package api

import (
	_ "embed" // the description
	"net/http"

	"github.com/labstack/echo/v4"
)

// document describes the interface. A test holds every answer of all tests against it.
//
//go:embed openapi.json
var document []byte

func (s *server) openAPI(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-cache")
	return writeBody(c, http.StatusOK, typeJSON, document)
}
