package webserver

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
)

// shownAtHome is how many kernels of a language the first page lists.
const shownAtHome = 50

// homeData is what the first page shows.
type homeData struct {
	Kernels, Packages int
	Form              findForm
	Languages         []homeLanguage
	Use               bool // there is a column of commands
	Recent            []runBlock
}

type homeLanguage struct {
	Name    string
	Total   int
	Kernels []kernelLine
	All     string // the link to all of them
}

// kernelLine is a kernel in a list.
type kernelLine struct {
	Link                      link
	Language, LanguageVersion string
	Packages                  int
	Indexed                   moment
	Description               string
	Deprecated, Default       bool
	Use                       string // the command, "" for none
}

func (s *server) kernelLine(k catalog.Kernel) kernelLine {
	info := k.Info()
	return kernelLine{
		Link: s.kernelLink(k.Key()), Language: k.Language(), LanguageVersion: k.LanguageVersion(), Packages: k.Len(),
		Indexed: momentOf(k.IndexedDate(), s.Now()), Description: info.Description,
		Deprecated: info.Deprecated, Default: info.Default, Use: command(s.UseCommand, k.Key()),
	}
}

// indexPage lists the kernels (W1). It is there before the first good pair, too.
func (s *server) indexPage(c echo.Context) error {
	g := s.generation()
	if g == nil {
		return s.writePage(c, http.StatusOK, frame{Name: "noindex", Title: "No index yet", Section: "home", Main: s.trouble()})
	}
	stats := g.Stats()
	data := homeData{Recent: s.recent(g, scope{}, homeRuns), Kernels: stats.Kernels, Packages: stats.Packages, Form: findForm{Languages: g.languageNames()}, Use: s.UseCommand != ""}
	for l := range g.Languages() {
		data.Languages = append(data.Languages, homeLanguage{
			Name: l.Name(), Total: l.Len(), All: s.BasePath + "/kernels" + fields{"language", l.Name()}.String(),
		})
	}
	for _, k := range g.orders["language"]() {
		for i := range data.Languages {
			if l := &data.Languages[i]; l.Name == k.Language() && len(l.Kernels) < shownAtHome {
				l.Kernels = append(l.Kernels, s.kernelLine(k))
			}
		}
	}
	return s.writePage(c, http.StatusOK, frame{
		Name: "home", Title: "Find a kernel", Section: "home", Twin: s.BasePath + "/api/v1/kernels", Main: data,
	})
}

func (g *generation) languageNames() []string {
	var names []string
	for l := range g.Languages() {
		names = append(names, l.Name())
	}
	return names
}

// helpPage says what can be asked, and how.
func (s *server) helpPage(c echo.Context) error {
	return s.writePage(c, http.StatusOK, frame{Name: "help", Title: "Help", Section: "help", Main: nil})
}
