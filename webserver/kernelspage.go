package webserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// kernelsData is the list of kernels.
type kernelsData struct {
	Language, Text, Has, Sort string
	Jupyter                   bool
	Languages                 []string
	Heads                     []sorting
	Kernels                   []kernelLine
	Pager                     pager
	All                       int
	Use                       bool // there is a column of commands
}

// kernelColumns are the heads of the list, with the words that it can be sorted by.
var kernelColumns = [][2]string{
	{"Kernel", "name"}, {"Language", "language"}, {"Packages", "package_count"}, {"Indexed", "indexed_date"},
}

// kernelsPage lists the kernels that some filters select.
func (s *server) kernelsPage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	data := kernelsData{
		Language: q.text("language"), Text: q.text("q"), Has: strings.TrimSpace(q.text("has")),
		Sort: q.choice("sort", sortWords), Languages: g.languageNames(),
		All: g.Stats().Kernels, Use: s.UseCommand != "",
	}
	filter := catalog.Filter{Language: data.Language, Name: data.Text}
	if data.Has != "" {
		filter.Packages = []string{data.Has}
	}
	query := fields{"language", data.Language, "q", data.Text, "has", data.Has, "sort", q.text("sort")}
	if data.Jupyter = q.flag("jupyter"); data.Jupyter {
		query = query.with("jupyter", "1")
	}
	path := s.BasePath + "/kernels"
	list, _ := g.pick(filter, data.Sort, page{Limit: g.Stats().Kernels})
	if data.Jupyter {
		runs := g.jupyter()
		list = slices.DeleteFunc(list, func(k catalog.Kernel) bool { return runs[k.Number()] == "" })
	}
	if q.wantsCSV() {
		return g.writeCSV(c, "kernels", kernelHead, recordsOf(list, kernelRecord))
	}
	data.Pager = newPager(path, query, q.offset(), len(list))
	for _, k := range cut(data.Pager, list) {
		data.Kernels = append(data.Kernels, s.kernelLine(k))
	}
	for _, column := range kernelColumns {
		data.Heads = append(data.Heads, sortHead(path, query, column[0], column[1], data.Sort))
	}
	twin := fields{"language", data.Language, "name", data.Text, "package", data.Has, "sort", data.Sort}
	f := frame{Name: "kernels", Title: "Kernels", Section: "kernels", Main: data, CSV: csvLink(path, query)}
	if !data.Jupyter { // the API has no such filter
		f.Twin = s.BasePath + "/api/v1/kernels" + twin.String()
	}
	return s.writePage(c, http.StatusOK, f)
}

// familyData is all versions of one kernel.
type familyData struct {
	Language, Name string
	Description    string // of the newest version that has one
	Versions       []kernelLine
	Keys           []string // language/name/version, to compare
	Recent         []runBlock
}

// familyPage lists the versions of a kernel, the newest first.
func (s *server) familyPage(c echo.Context) error {
	names, err := segments(c, "language", "kernel_name")
	if err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	language, ok := g.Language(names[0])
	var family catalog.Family
	if ok {
		family, ok = language.Family(names[1])
	}
	if !ok {
		return s.nearKernel(g, manifests.KernelKey{Language: names[0], Name: names[1]})
	}
	data := familyData{Language: names[0], Name: names[1]}
	for _, k := range family.Newest() {
		line := s.kernelLine(k)
		if data.Description == "" {
			data.Description = line.Description
		}
		data.Versions, data.Keys = append(data.Versions, line), append(data.Keys, k.Key().String())
	}
	data.Recent = s.recent(g, scope{language: names[0], name: names[1]}, kernelRuns)
	return s.writePage(c, http.StatusOK, frame{
		Name: "family", Title: names[1] + " (" + names[0] + ")", Section: "kernels", Main: data, Feed: s.kernelFeedURL(names),
		Twin: s.BasePath + "/api/v1/kernels" + fields{"language", names[0], "name", names[1]}.String(),
	})
}

// nearShownNames is how many names a page of an error proposes.
const nearShownNames = 5

// nearKernel says that there is no such kernel, and which were perhaps meant, or since when it is gone.
func (s *server) nearKernel(g *generation, key manifests.KernelKey) error {
	if gone := g.gone(key); gone != nil {
		return gone
	}
	e := &httpError{status: http.StatusNotFound, detail: "There is no kernel " + strings.TrimSuffix(key.String(), "/")}
	for _, near := range g.NearestKernels(key, nearShownNames) {
		l := s.kernelLink(near)
		l.Text = near.String()
		e.near = append(e.near, l)
	}
	return e
}
