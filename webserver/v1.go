package webserver

import (
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// noData is what /api/v1 says before the first good pair.
const noData = "There is no index yet; see the status"

// listing is what every list begins with.
type listing struct {
	catalog.Origin
	Total  int `json:"total"`
	Limit  int `json:"limit"`
	Offset int `json:"offset"`
}

// sortWords are the values of sort, the default first. A minus sign reverses the order.
var sortWords = []string{
	"language", "-language", "name", "-name", "version", "-version",
	"package_count", "-package_count", "indexed_date", "-indexed_date",
}

// listKernels answers GET /api/v1/kernels.
func (s *server) listKernels(c echo.Context) error {
	q := readQuery(c)
	filter := catalog.Filter{Language: q.text("language"), Name: q.text("name")}
	for _, name := range q.values["package"] {
		if name != "" {
			filter.Packages = append(filter.Packages, name)
		}
	}
	order, part := q.choice("sort", sortWords), q.page()
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	if g.tagged(c) {
		return nil
	}
	selected, total := g.pick(filter, order, part)
	kernels := make([]catalog.Summary, 0, len(selected))
	for _, k := range selected {
		kernels = append(kernels, k.Summary())
	}
	s.announce(c, part, total)
	return writeJSON(c, struct {
		listing
		Kernels []catalog.Summary `json:"kernels"`
	}{listing{g.Origin(), total, part.Limit, part.Offset}, kernels})
}

// pick returns one part of the kernels that the filter selects, and how many these are.
func (g *generation) pick(f catalog.Filter, order string, part page) (list []catalog.Kernel, total int) {
	selected := make([]bool, g.Stats().Kernels)
	for k := range g.Kernels(f) {
		selected[k.Number()] = true
		total++
	}
	key, down := strings.CutPrefix(order, "-")
	sorted := g.orders[key]()
	at := 0
	for i := range sorted {
		k := sorted[i]
		if down {
			k = sorted[len(sorted)-1-i]
		}
		if !selected[k.Number()] {
			continue
		}
		if at >= part.Offset && len(list) < part.Limit {
			list = append(list, k)
		}
		at++
	}
	return list, total
}

// keyOf reads the name of a kernel from the path, to look it up in the generation that is served.
func (s *server) keyOf(c echo.Context) (*generation, manifests.KernelKey, error) {
	names, err := segments(c, "language", "kernel_name", "version")
	if err != nil {
		return nil, manifests.KernelKey{}, err
	}
	g, err := s.loaded(noData)
	return g, manifests.KernelKey{Language: names[0], Name: names[1], Version: names[2]}, err
}

// showKernel answers GET /api/v1/kernels/{language}/{kernel_name}/{version}.
func (s *server) showKernel(c echo.Context) error {
	g, key, err := s.keyOf(c)
	if err != nil {
		return err
	}
	k, ok := g.Kernel(key)
	if !ok {
		return g.missing(key)
	}
	if g.tagged(c) {
		return nil
	}
	return writeJSON(c, struct {
		catalog.Origin
		catalog.Summary
		Packages []manifests.Package `json:"packages"`
	}{g.Origin(), k.Summary(), packagesOf(k)})
}

// packageSummary is a package without its kernels: one can be in thousands.
type packageSummary struct {
	Name        string `json:"name"`
	KernelCount int    `json:"kernel_count"`
}

// listPackages answers GET /api/v1/packages.
func (s *server) listPackages(c echo.Context) error {
	q := readQuery(c)
	query, part := q.text("query"), q.page()
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	if g.tagged(c) {
		return nil
	}
	var list []packageSummary
	total := 0
	for p := range g.Search(query) {
		if total >= part.Offset && len(list) < part.Limit {
			list = append(list, packageSummary{p.Name(), p.Len()})
		}
		total++
	}
	s.announce(c, part, total)
	return writeJSON(c, struct {
		listing
		Query    string           `json:"query"`
		Packages []packageSummary `json:"packages"`
	}{listing{g.Origin(), total, part.Limit, part.Offset}, query, list})
}

// packageRow is a package in one kernel.
type packageRow struct {
	Language      string           `json:"language"`
	KernelName    string           `json:"kernel_name"`
	KernelVersion string           `json:"kernel_version"`
	Version       string           `json:"version"`
	Source        manifests.Source `json:"source"`
	Build         string           `json:"build,omitempty"`
	Channel       string           `json:"channel,omitempty"`
}

// packageOf reads the name of a package from the path, to look it up in the generation that is served.
func (s *server) packageOf(c echo.Context) (*generation, string, error) {
	name, err := segment(c, "package_name")
	if err != nil {
		return nil, "", err
	}
	g, err := s.loaded(noData)
	return g, name, err
}

// showPackage answers GET /api/v1/packages/{package_name}.
func (s *server) showPackage(c echo.Context) error {
	g, name, err := s.packageOf(c)
	if err != nil {
		return err
	}
	p, ok := g.Package(name)
	if !ok {
		return notFound("There is no package %s", name)
	}
	if g.tagged(c) {
		return nil
	}
	rows := make([]packageRow, 0, p.Len())
	for r := range p.Rows() {
		key := r.Key()
		rows = append(rows, packageRow{key.Language, key.Name, key.Version, r.Version(), r.Source(), r.Build(), r.Channel()})
	}
	return writeJSON(c, struct {
		catalog.Origin
		Name        string       `json:"name"`
		KernelCount int          `json:"kernel_count"`
		Kernels     []packageRow `json:"kernels"`
	}{g.Origin(), p.Name(), p.Len(), rows})
}
