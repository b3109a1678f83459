package webserver

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed assets/pages/*.html
var pageFiles embed.FS

// pageTemplates are the pages by name, each with the frame around it. Everything that is put into them is text: no type
// of html/template that says otherwise is used anywhere.
var pageTemplates = parsePages()

func parsePages() map[string]*template.Template {
	const folder = "assets/pages/"
	shared := template.Must(template.New("").Funcs(template.FuncMap{"group": group, "count": count, "dict": dict}).
		ParseFS(pageFiles, folder+"frame.html", folder+"parts.html", folder+"changeparts.html"))
	files, err := fs.Glob(pageFiles, folder+"*.html")
	pages := make(map[string]*template.Template, len(files))
	for _, file := range files {
		own := template.Must(template.Must(shared.Clone()).ParseFS(pageFiles, file))
		pages[strings.TrimSuffix(path.Base(file), ".html")] = template.Must(own, err)
	}
	return pages
}

// dict makes the data of a template that is called with more than one thing: names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	data := make(map[string]any, len(pairs)/2)
	for pair := range slices.Chunk(pairs, 2) {
		name, ok := pair[0].(string)
		if !ok || len(pair) < 2 {
			return nil, fmt.Errorf("dict: %v is no name of a value", pair[0])
		}
		data[name] = pair[1]
	}
	return data, nil
}

// pagePolicy is what pages may do: nothing but what this server sends.
const pagePolicy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// frame is what all pages have around what is their own.
type frame struct {
	Base, SiteTitle, Organization, HelpURL, Version string

	Assets map[string]string // where files are, by their plain names
	Logo   string            // where the logo is, "" for none
	Tag    string            // of what is served now: pages ask whether it still is

	Name    string  // of the template
	Title   string  // of the page, beside that of the site
	Section string  // the entry of the navigation that leads here
	Twin    string  // the link to the same as JSON
	CSV     string  // the link to the same as CSV
	Feed    string  // the link to the feed of what the page is about, if that is not the whole site
	Indexed *moment // when the index was last known to be right
	Banners []banner
	Main    any
}

// writePage writes a page. Its tag is of its bytes: pages also say how old the index is.
func (s *server) writePage(c echo.Context, status int, f frame) error {
	body, err := s.renderPage(f)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", pagePolicy)
	switch {
	case status != http.StatusOK || s.Pair.Current() == nil:
		h[headerCacheControl] = noStore
	case tagged(c, contentTag(body)):
		return nil
	}
	return writeBody(c, status, typeHTML, body)
}

func (s *server) renderPage(f frame) ([]byte, error) {
	f.Base, f.Version, f.SiteTitle = s.BasePath, s.Version, s.SiteTitle
	f.Organization, f.HelpURL = s.Organization, s.HelpURL
	f.Assets, f.Logo = s.assets.urls, cmp.Or(s.assets.urls["logo.svg"], s.assets.urls["logo.png"])
	if g := s.generation(); g != nil {
		f.Tag = g.etag[0]
	}
	f.Indexed, f.Banners = s.freshness()
	var body bytes.Buffer
	err := pageTemplates[f.Name].ExecuteTemplate(&body, "frame", f)
	return body.Bytes(), err
}

// wantsPage reports whether an error should be a page: for a browser, outside of what is for programs.
func (s *server) wantsPage(c echo.Context) bool {
	r := c.Request()
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return false
	}
	for _, machines := range []string{"/api", "/data", "/static", "/openapi.json", "/health", "/livez", "/readyz"} {
		rest, below := strings.CutPrefix(strings.TrimPrefix(r.URL.Path, s.BasePath), machines)
		if below && (rest == "" || rest[0] == '/') {
			return false
		}
	}
	return true
}

// errorData is the page of an error.
type errorData struct {
	Status  int
	Detail  string
	Near    []link // what may have been meant
	Trouble string // what is wrong with the files, for those who run the service
}

func (s *server) writeErrorPage(c echo.Context, e *httpError) error {
	data := errorData{Status: e.status, Detail: e.text(), Near: e.near}
	if e.status == http.StatusServiceUnavailable {
		data.Trouble = s.trouble()
	}
	if e.gone != nil {
		return s.writePage(c, e.status, s.goneFrame(e))
	}
	return s.writePage(c, e.status, frame{Name: "error", Title: http.StatusText(e.status), Main: data})
}
