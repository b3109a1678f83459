package webserver

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// packagesData is the list of packages.
type packagesData struct {
	Text     string
	Sort     string
	Heads    []sorting
	All      int // how many names there are
	Packages []packageCount
	Pager    pager
	Guesses  []link
}

type packageCount struct {
	Link link
	Rows int
}

// packageWords are the values of sort, the default first.
var packageWords = []string{"name", "-name", "entries", "-entries"}

// packagesPage lists the packages whose names contain a text.
func (s *server) packagesPage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	data := packagesData{Text: q.text("q"), Sort: q.choice("sort", packageWords), All: g.Stats().Packages}
	found := slices.Collect(g.Search(data.Text))
	sortPackages(found, data.Sort)
	path, query := s.BasePath+"/packages", fields{"q", data.Text, "sort", q.text("sort")}
	if q.wantsCSV() {
		return g.writeCSV(c, "packages", []string{"name", "entries"}, recordsOf(found, func(p catalog.Package) []string {
			return []string{p.Name(), strconv.Itoa(p.Len())}
		}))
	}
	data.Heads = []sorting{
		sortHead(path, query, "Package", "name", data.Sort), sortHead(path, query, "Entries in kernels", "entries", data.Sort),
	}
	data.Pager = newPager(path, query, q.offset(), len(found))
	for _, p := range cut(data.Pager, found) {
		data.Packages = append(data.Packages, packageCount{s.packageLink(p.Name()), p.Len()})
	}
	if len(found) == 0 {
		data.Guesses = s.nearPackages(g, data.Text)
	}
	return s.writePage(c, http.StatusOK, frame{
		Name: "packages", Title: "Packages", Section: "packages", Main: data,
		Twin: s.BasePath + "/api/v1/packages" + fields{"query", data.Text}.String(), CSV: csvLink(path, query),
	})
}

// sortPackages sorts packages that are by name. Of the same number of entries, those stay by name.
func sortPackages(list []catalog.Package, sort string) {
	switch sort {
	case "-name":
		slices.Reverse(list)
	case "entries":
		slices.SortStableFunc(list, func(a, b catalog.Package) int { return cmp.Compare(a.Len(), b.Len()) })
	case "-entries":
		slices.SortStableFunc(list, func(a, b catalog.Package) int { return cmp.Compare(b.Len(), a.Len()) })
	}
}

func (s *server) nearPackages(g *generation, name string) []link {
	var near []link
	for _, n := range g.NearestPackages(name, nearShownNames) {
		near = append(near, s.packageLink(n))
	}
	return near
}

// packageData is one package.
type packageData struct {
	Name    string
	Find    string // asks for kernels with it, whatever it is called there; "" if no spec can
	Similar []link
	Rows    []packageKernel
	Pager   pager
}

// packageKernel is a package in one kernel.
type packageKernel struct {
	Version, Source, Build, Channel string
	Kernel                          link
	Language                        string
}

// packagePage shows which kernels have a package, the newest version of it first.
func (s *server) packagePage(c echo.Context) error {
	g, name, err := s.packageOf(c)
	if err != nil {
		return err
	}
	p, ok := g.Package(name)
	if !ok {
		return &httpError{status: http.StatusNotFound, detail: "There is no package " + name, near: s.nearPackages(g, name)}
	}
	q := readQuery(c)
	rows := newestFirst(p)
	if q.wantsCSV() {
		return g.writeCSV(c, "package", rowHead, recordsOf(rows, rowRecord))
	}
	place := s.place("/packages", name)
	data := packageData{
		Name: name, Find: s.findName(name),
		Pager: newPager(place, nil, q.offset(), len(rows)),
	}
	for _, row := range cut(data.Pager, rows) {
		data.Rows = append(data.Rows, packageKernel{
			row.Version(), string(row.Source()), row.Build(), row.Channel(), s.kernelLink(row.Key()), row.Key().Language,
		})
	}
	for _, other := range g.SuggestPackages(name, nearShownNames+1) {
		if other != name && len(data.Similar) < nearShownNames {
			data.Similar = append(data.Similar, s.packageLink(other))
		}
	}
	return s.writePage(c, http.StatusOK, frame{
		Name: "package", Title: "Package " + name, Section: "packages", Main: data,
		Twin: s.place("/api/v1/packages", name), CSV: csvLink(place, nil),
	})
}

// findName asks for kernels with a package of the name, if the name alone is a spec that means it.
func (s *server) findName(name string) string {
	spec, err := matchspec.Parse(name)
	if _, versioned := spec.Version(); err != nil || versioned || !spec.IsExactName() || !strings.EqualFold(spec.Name(), name) {
		return ""
	}
	return s.BasePath + "/find" + fields{"spec", name}.String()
}

// newestFirst sorts the rows of a package by its version in conda's order, the highest first. Texts that are no versions
// come last; rows of one version stay in the order of the kernels.
func newestFirst(p catalog.Package) []catalog.Row {
	type sortable struct {
		row     catalog.Row
		version matchspec.Version
		odd     bool
	}
	list := make([]sortable, 0, p.Len())
	for row := range p.Rows() {
		version, err := matchspec.ParseVersion(row.Version())
		list = append(list, sortable{row, version, err != nil})
	}
	slices.SortStableFunc(list, func(a, b sortable) int {
		switch {
		case a.odd && b.odd:
			return strings.Compare(b.row.Version(), a.row.Version())
		case a.odd:
			return 1
		case b.odd:
			return -1
		}
		return cmp.Or(b.version.Compare(a.version), strings.Compare(b.row.Version(), a.row.Version()))
	})
	rows := make([]catalog.Row, len(list))
	for i := range list {
		rows[i] = list[i].row
	}
	return rows
}
