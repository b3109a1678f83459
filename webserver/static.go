package webserver

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:embed assets/style.css
var styleCSS []byte

//go:embed assets/pages.js
var pagesJS []byte

//go:embed assets/icon.svg
var iconSVG []byte

// asset is a file that pages need.
type asset struct {
	contentType []string
	body        []byte
	etag        []string
}

// assets are all there are, by name.
var assets = map[string]asset{
	"style.css": {typeCSS, styleCSS, contentTag(styleCSS)},
	"icon.svg":  {typeSVG, iconSVG, contentTag(iconSVG)},
	"pages.js":  {typeJS, pagesJS, contentTag(pagesJS)},
}

// staticFile serves what pages need (W11). No path is made of what a client sends.
func (s *server) staticFile(c echo.Context) error {
	name, err := segment(c, "file")
	if err != nil {
		return err
	}
	file, ok := assets[name]
	if !ok {
		return &httpError{status: http.StatusNotFound}
	}
	if tagged(c, file.etag) {
		return nil
	}
	return writeBody(c, http.StatusOK, file.contentType, file.body)
}
