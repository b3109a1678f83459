package webserver

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
)

var (
	//go:embed assets/index.html
	indexHTML string
	//go:embed assets/style.css
	styleCSS []byte

	indexTemplate = template.Must(template.New("index").Parse(indexHTML))
	styleTag      = contentTag(styleCSS)
)

// pagePolicy is what pages may do: nothing but what this server sends.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'"

// indexData is what the first page shows.
type indexData struct {
	Base, Generated   string
	Loaded            bool
	Kernels, Packages string
	Languages         []indexLanguage
}

type indexLanguage struct {
	Name    string
	Kernels []indexKernel
}

type indexKernel struct{ Link, Name, Version, LanguageVersion, Packages string }

// indexPage lists the kernels (W1). It is there before the first good pair, too.
func (s *server) indexPage(c echo.Context) error {
	c.Response().Header().Set("Content-Security-Policy", pagePolicy)
	g := s.generation()
	if g == nil {
		c.Response().Header()[headerCacheControl] = noStore
		return s.writeIndex(c, indexData{Base: s.BasePath})
	}
	if g.tagged(c) {
		return nil
	}
	page, err := g.page()
	if err != nil {
		return err
	}
	return writeBody(c, http.StatusOK, typeHTML, page)
}

func (s *server) writeIndex(c echo.Context, data indexData) error {
	var page bytes.Buffer
	if err := indexTemplate.Execute(&page, data); err != nil {
		return err
	}
	return writeBody(c, http.StatusOK, typeHTML, page.Bytes())
}

// renderIndex makes the page of one generation.
func (s *server) renderIndex(g *generation) ([]byte, error) {
	stats := g.Stats()
	data := indexData{
		Base: s.BasePath, Loaded: true, Generated: g.IndexedDate(),
		Kernels: group(stats.Kernels), Packages: group(stats.Packages),
	}
	for _, k := range g.orders["language"]() {
		if n := len(data.Languages); n == 0 || data.Languages[n-1].Name != k.Language() {
			data.Languages = append(data.Languages, indexLanguage{Name: k.Language()})
		}
		l := &data.Languages[len(data.Languages)-1]
		l.Kernels = append(l.Kernels, indexKernel{
			s.kernelLink(k), k.Name(), k.Version(), k.LanguageVersion(), group(k.Len()),
		})
	}
	var page bytes.Buffer
	err := indexTemplate.Execute(&page, data)
	return page.Bytes(), err
}

func (s *server) kernelLink(k catalog.Kernel) string {
	parts := []string{url.PathEscape(k.Language()), url.PathEscape(k.Name()), url.PathEscape(k.Version())}
	return s.BasePath + "/api/v1/kernels/" + strings.Join(parts, "/")
}

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
