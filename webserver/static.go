package webserver

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

var (
	//go:embed assets/style.css
	styleCSS []byte
	styleTag = contentTag(styleCSS)
)

// staticFile serves what pages need (W11). There is one file, and no path is made of what a client sends.
func (s *server) staticFile(c echo.Context) error {
	name, err := segment(c, "file")
	if err != nil {
		return err
	}
	if name != "style.css" {
		return &httpError{status: http.StatusNotFound}
	}
	if tagged(c, styleTag) {
		return nil
	}
	return writeBody(c, http.StatusOK, typeCSS, styleCSS)
}
