package webserver

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// offeredKernels is how many kernels the form of the comparison proposes.
const offeredKernels = 500

// compareData is the comparison of two kernels, or the form that asks for one.
type compareData struct {
	A, B     string
	Trouble  []string // what is wrong with either
	Near     []link   // comparisons that may have been meant
	Offered  []string
	Compared bool
	KernelA  link
	KernelB  link
	Swap     string
	Choices  []compareChoice
	Rows     []compareRow
	Pager    pager
}

// compareChoice shows packages that changed in one way.
type compareChoice struct {
	Label  string
	Count  int
	URL    string
	Chosen bool
}

// compareRow is one package; what a kernel does not have is "".
type compareRow struct {
	Link         link
	Change       string
	Source       string
	A, B         string
	BuildA       string // builds and channels, where only these changed
	BuildB       string
	InA, InB     bool
	SameVersions bool
}

// comparePage shows what differs between two kernels.
func (s *server) comparePage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	data := compareData{A: q.text("a"), B: q.text("b")}
	f := frame{Name: "compare", Title: "Compare kernels", Section: "compare"}
	status := http.StatusOK
	if data.A != "" || data.B != "" {
		var kernels [2]catalog.Kernel
		if kernels, status = s.comparedKernels(g, &data); status == http.StatusOK {
			a, b := kernels[0], kernels[1]
			f.Title = a.Name() + " " + a.Version() + " and " + b.Name() + " " + b.Version()
			f.Twin = s.BasePath + "/api/v1/compare" + fields{"a", data.A, "b", data.B}.String()
			s.compareInto(&data, a, b, q)
		}
	}
	offered := g.orders["language"]()
	for _, k := range offered[:min(len(offered), offeredKernels)] {
		data.Offered = append(data.Offered, k.Key().String())
	}
	f.Main = data
	return s.writePage(c, status, f)
}

// comparedKernels finds both kernels, or says what is wrong with them.
func (s *server) comparedKernels(g *generation, data *compareData) (kernels [2]catalog.Kernel, status int) {
	status = http.StatusOK
	for i, text := range []string{data.A, data.B} {
		key, ok := parseKey(text)
		if !ok {
			data.Trouble = append(data.Trouble, "A kernel is written language/name/version, not “"+text+"”.")
			status = http.StatusUnprocessableEntity
			continue
		}
		if kernels[i], ok = g.Kernel(key); ok {
			continue
		}
		data.Trouble = append(data.Trouble, "There is no kernel "+key.String()+".")
		if status == http.StatusOK {
			status = http.StatusNotFound
		}
		data.Near = append(data.Near, s.nearComparisons(g, data, i, key)...)
	}
	return kernels, status
}

func (s *server) nearComparisons(g *generation, data *compareData, which int, key manifests.KernelKey) []link {
	var near []link
	for _, k := range g.NearestKernels(key, nearShownNames) {
		pair := [2]string{data.A, data.B}
		pair[which] = k.String()
		near = append(near, link{s.BasePath + "/compare" + fields{"a", pair[0], "b", pair[1]}.String(), pair[0] + " and " + pair[1]})
	}
	return near
}

// compareInto puts the comparison into the page: what changed, or what show asks for.
func (s *server) compareInto(data *compareData, a, b catalog.Kernel, q *v1Query) {
	compared := catalog.Compare(a, b)
	n := compared.Counts
	path, query := s.BasePath+"/compare", fields{"a", data.A, "b", data.B}
	data.Compared, data.KernelA, data.KernelB = true, s.kernelLink(a.Key()), s.kernelLink(b.Key())
	data.Swap = path + fields{"a", data.B, "b", data.A}.String()
	data.Choices = []compareChoice{
		{Label: "changed", Count: n.Changed()},
		{Label: "added", Count: n.Added},
		{Label: "removed", Count: n.Removed},
		{Label: "upgraded", Count: n.Upgraded},
		{Label: "downgraded", Count: n.Downgraded},
		{Label: "rebuilt", Count: n.Rebuilt},
		{Label: "same", Count: n.Same},
		{Label: "all", Count: len(compared.Packages)},
	}
	show := data.Choices[0].Label
	for i := range data.Choices {
		choice := &data.Choices[i]
		choice.URL = path + query.with("show", choice.Label).String()
		if choice.Label == q.text("show") {
			show = choice.Label
		}
	}
	for i := range data.Choices {
		data.Choices[i].Chosen = data.Choices[i].Label == show
	}
	var rows []catalog.Differ
	for _, d := range compared.Packages {
		if shows(show, d.Change) {
			rows = append(rows, d)
		}
	}
	data.Pager = newPager(path, query.with("show", show), q.offset(), len(rows))
	for _, d := range cut(data.Pager, rows) {
		data.Rows = append(data.Rows, s.compareRow(d))
	}
}

// shows reports whether a choice includes a change.
func shows(choice string, change catalog.Change) bool {
	switch choice {
	case "all":
		return true
	case "changed":
		return change == catalog.Upgraded || change == catalog.Downgraded || change == catalog.Rebuilt
	default:
		return choice == string(change)
	}
}

func (s *server) compareRow(d catalog.Differ) compareRow {
	row := compareRow{Link: s.packageLink(d.Name), Change: string(d.Change), Source: string(d.Source), InA: d.A != nil, InB: d.B != nil}
	if d.A != nil {
		row.A, row.BuildA = d.A.Version, made(*d.A)
	}
	if d.B != nil {
		row.B, row.BuildB = d.B.Version, made(*d.B)
	}
	row.SameVersions = d.Change == catalog.Rebuilt
	return row
}

// made is the build and the channel of a package.
func made(e catalog.Edition) string { return strings.TrimSpace(e.Build + " " + e.Channel) }
