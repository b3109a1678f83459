package webserver

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// versionData is one version of a kernel.
type versionData struct {
	Kernel   kernelLine
	Name     string
	Version  string
	Family   link
	Info     manifests.KernelInfo
	Manifest string
	Commands []shellCommand
	Exports  []exportLink
	Previous link   // the comparison with the version before this one
	Jupyter  string // the package that has it run there, "" for none
	Key      string
	Others   []string // the other versions, the newest first, to compare with
	Recent   []runBlock

	Text, Source, Sort string
	Sources            []string
	Heads              []sorting
	Packages           []packageLine
	Pager              pager
	All                int
}

// shellCommand is a command to copy.
type shellCommand struct{ Label, Text string }

// exportLink is the kernel in one format, with the command that takes it.
type exportLink struct{ Label, URL, File, Command string }

// packageLine is a package of a kernel.
type packageLine struct {
	Link                            link
	Version, Source, Build, Channel string
}

// versionPage shows a version of a kernel with its packages.
func (s *server) versionPage(c echo.Context) error {
	g, key, err := s.keyOf(c)
	if err != nil {
		return err
	}
	k, ok := g.Kernel(key)
	if !ok {
		return s.nearKernel(g, key)
	}
	api := s.place("/api/v1/kernels", key.Language, key.Name, key.Version)
	data := versionData{
		Kernel: s.kernelLine(k), Name: k.Name(), Version: k.Version(), Info: k.Info(), Manifest: k.ManifestPath(),
		Family:  link{s.place("/kernels", key.Language, key.Name), k.Name()},
		Exports: exportLinks(api), Key: key.String(), All: k.Len(), Jupyter: g.jupyter()[k.Number()],
	}
	data.Others, data.Previous = s.otherVersions(g, k)
	for _, known := range []shellCommand{{"Get", s.GetCommand}, {"Use", s.UseCommand}} {
		if known.Text != "" {
			data.Commands = append(data.Commands, shellCommand{known.Label, command(known.Text, key)})
		}
	}
	data.Recent = s.recent(g, scope{key.Language, key.Name, key.Version}, kernelRuns)
	q := readQuery(c)
	rows, query := data.pick(k, q)
	if q.wantsCSV() {
		return g.writeCSV(c, "packages", packageHead, recordsOf(rows, packageRecord))
	}
	names := []string{key.Language, key.Name, key.Version}
	path := s.place("/kernels", names...)
	data.Pager = newPagerOf(packagesShown, path, query, q.offset(), len(rows))
	data.Heads = []sorting{sortHead(path, query, "Name", "name", data.Sort), sortHead(path, query, "Source", "source", data.Sort)}
	for _, row := range cut(data.Pager, rows) {
		data.Packages = append(data.Packages, packageLine{
			s.packageLink(row.Name()), row.Version(), string(row.Source()), row.Build(), row.Channel(),
		})
	}
	return s.writePage(c, http.StatusOK, frame{
		Name: "version", Title: k.Name() + " " + k.Version() + " (" + k.Language() + ")", Section: "kernels", Main: data,
		Twin: api, CSV: csvLink(path, query), Feed: s.kernelFeedURL(names),
	})
}

// pick returns the packages that the query of the page asks for, and that query: in any order, the filter stays.
func (d *versionData) pick(k catalog.Kernel, q *v1Query) (rows []catalog.Row, query fields) {
	d.Text, d.Source, d.Sort = q.text("q"), q.text("source"), q.choice("sort", []string{"name", "-name", "source", "-source"})
	for row := range k.Rows() {
		if source := string(row.Source()); !slices.Contains(d.Sources, source) {
			d.Sources = append(d.Sources, source)
		}
		if (d.Source == "" || d.Source == string(row.Source())) && containsFold(row.Name(), d.Text) {
			rows = append(rows, row)
		}
	}
	slices.Sort(d.Sources)
	slices.SortStableFunc(rows, packageOrder(d.Sort))
	return rows, fields{"q", d.Text, "source", d.Source, "sort", q.text("sort")}
}

// packageOrder is by name whatever the case, or by source and then so; a minus sign turns the first of these round.
func packageOrder(sort string) func(a, b catalog.Row) int {
	byName := func(a, b catalog.Row) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name()), strings.ToLower(b.Name())), strings.Compare(a.Name(), b.Name()))
	}
	bySource := func(a, b catalog.Row) int { return cmp.Compare(a.Source(), b.Source()) }
	switch sort {
	case "-name":
		return func(a, b catalog.Row) int { return byName(b, a) }
	case "source":
		return func(a, b catalog.Row) int { return cmp.Or(bySource(a, b), byName(a, b)) }
	case "-source":
		return func(a, b catalog.Row) int { return cmp.Or(bySource(b, a), byName(a, b)) }
	default:
		return byName
	}
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// exportLinks are the formats that documents have enough for. A kernel whose own place has no URL has none.
func exportLinks(api string) []exportLink {
	if api == "" {
		return nil
	}
	var links []exportLink
	for _, known := range []struct {
		format         catalog.Format
		label, command string
	}{
		{catalog.Environment, "environment.yml", "conda env create -f environment.yml"},
		{catalog.Requirements, "requirements.txt", "pip install -r requirements.txt"},
		{catalog.CycloneDX, "CycloneDX bill of materials", "grype sbom:bom.cdx.json"},
	} {
		links = append(links, exportLink{
			known.label, api + "/export" + fields{"format", string(known.format)}.String(), known.format.FileName(), known.command,
		})
	}
	return links
}

// otherVersions returns the other versions of a kernel, and leads to the comparison with the next older one.
func (s *server) otherVersions(g *generation, k catalog.Kernel) (others []string, previous link) {
	language, _ := g.Language(k.Language())
	family, _ := language.Family(k.Name())
	passed := false
	for _, o := range family.Newest() {
		key := o.Key().String()
		switch {
		case o.Version() == k.Version():
			passed = true
			continue
		case passed && previous.URL == "":
			previous = link{s.BasePath + "/compare" + fields{"a", key, "b", k.Key().String()}.String(), o.Version()}
		}
		others = append(others, key)
	}
	return others, previous
}
