package webserver

import (
	"cmp"
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

// compareWords are the values of show, the default first.
var compareWords = []string{"changed", "added", "removed", "upgraded", "downgraded", "rebuilt", "same", "all"}

// swapped are the values of show that mean another one when the kernels change places.
var swapped = map[string]string{
	"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded",
}

// comparePage shows what differs between two kernels. With one of them it is the form for the other.
func (s *server) comparePage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	data := compareData{A: q.text("a"), B: q.text("b")}
	f := frame{Name: "compare", Title: "Compare kernels", Section: "compare"}
	status := http.StatusOK
	if data.A != "" && data.B != "" {
		var kernels [2]catalog.Kernel
		if kernels, status = s.comparedKernels(g, &data); status == http.StatusOK {
			a, b := kernels[0], kernels[1]
			compared, show := catalog.Compare(a, b), q.choice("show", compareWords)
			rows := shown(compared.Packages, show)
			if q.wantsCSV() {
				return g.writeCSV(c, "changes", changeHead, recordsOf(rows, changeRecord))
			}
			query := fields{"a", data.A, "b", data.B}
			f.Title = a.Name() + " " + a.Version() + " and " + b.Name() + " " + b.Version()
			f.Twin = s.BasePath + "/api/v1/compare" + query.String()
			f.CSV = csvLink(s.BasePath+"/compare", query.with("show", show))
			data.KernelA, data.KernelB = s.kernelLink(a.Key()), s.kernelLink(b.Key())
			s.compareInto(&data, compared.Counts, rows, show, q.offset())
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
		data.Trouble = append(data.Trouble, g.missing(key).text()+".")
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

// compareInto puts the comparison into the page: the packages that were chosen, and what else could be.
func (s *server) compareInto(data *compareData, n catalog.Counts, rows []catalog.Differ, show string, offset int) {
	path, query := s.BasePath+"/compare", fields{"a", data.A, "b", data.B}
	data.Compared = true
	data.Swap = path + fields{"a", data.B, "b", data.A, "show", cmp.Or(swapped[show], show)}.String()
	counts := []int{n.Changed(), n.Added, n.Removed, n.Upgraded, n.Downgraded, n.Rebuilt, n.Same}
	all := n.Changed() + n.Added + n.Removed + n.Same
	for i, count := range append(counts, all) {
		label := compareWords[i]
		data.Choices = append(data.Choices, compareChoice{
			Label: label, Count: count, URL: path + query.with("show", label).String(), Chosen: label == show,
		})
	}
	data.Pager = newPager(path, query.with("show", show), offset, len(rows))
	for _, d := range cut(data.Pager, rows) {
		data.Rows = append(data.Rows, s.compareRow(d))
	}
}

// shown returns the packages that a choice includes.
func shown(all []catalog.Differ, choice string) []catalog.Differ {
	var rows []catalog.Differ
	for _, d := range all {
		changed := d.Change == catalog.Upgraded || d.Change == catalog.Downgraded || d.Change == catalog.Rebuilt
		if choice == "all" || choice == "changed" && changed || choice == string(d.Change) {
			rows = append(rows, d)
		}
	}
	return rows
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
