package webserver

import (
	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
)

// Bounds of the suggestions of each kind.
const (
	defaultSuggested = 8
	maxSuggested     = 50
)

// suggestedPackage is the name of a package with the number of kernels that have it.
type suggestedPackage struct {
	Name    string `json:"name"`
	Kernels int    `json:"kernels"`
}

// suggest answers GET /api/v1/suggest: packages and kernels for what somebody has typed so far.
func (s *server) suggest(c echo.Context) error {
	q := readQuery(c)
	typed, limit := q.text("q"), q.number("limit", defaultSuggested, 1, maxSuggested)
	if len(typed) > catalog.MaxSpecBytes {
		q.bad("q", "out_of_range", "is too long for a name")
	}
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
	packages, kernels := []suggestedPackage{}, []catalog.Named{}
	for _, name := range g.SuggestPackages(typed, limit) {
		if p, ok := g.Package(name); ok {
			packages = append(packages, suggestedPackage{name, g.kernelsWith(p)})
		}
	}
	for _, key := range g.SuggestKernels(typed, limit) {
		kernels = append(kernels, catalog.Named{Language: key.Language, Name: key.Name, Version: key.Version})
	}
	return writeJSON(c, struct {
		Query    string             `json:"query"`
		Packages []suggestedPackage `json:"packages"`
		Kernels  []catalog.Named    `json:"kernels"`
	}{typed, packages, kernels})
}

// kernelsWith counts the kernels that have a package, some of them from more than one source.
func (g *generation) kernelsWith(p catalog.Package) int {
	n, seen := 0, make([]bool, g.Stats().Kernels)
	for row := range p.Rows() {
		if k, ok := row.Kernel(); ok && !seen[k.Number()] {
			seen[k.Number()] = true
			n++
		}
	}
	return n
}
