package webserver

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// generation is a catalog with what has been prepared for answers. It is made when the first request meets a new
// catalog or other changes, and what is costly only when somebody asks for it.
type generation struct {
	*catalog.Catalog
	etag     []string // the entity tag, as a header
	history  history
	searches answerCache
	orders   map[string]func() []catalog.Kernel // by sort key, ascending

	byJupyter func() []string
}

// generation returns what is served now, or nil before the first good pair.
func (s *server) generation() *generation {
	view := s.Pair.Current()
	if view == nil {
		return nil
	}
	g := s.made.Load()
	if g == nil || g.Catalog != view.Catalog || g.history.document != view.Changes {
		g = newGeneration(view.Catalog, view.Digest, s.Version+"\n"+s.BasePath)
		g.history = newHistory(view.Catalog, view.Changes)
		s.made.Store(g)
	}
	return g
}

// loaded is generation for handlers that cannot answer without one.
func (s *server) loaded(otherwise string) (*generation, error) {
	if g := s.generation(); g != nil {
		return g, nil
	}
	return nil, &httpError{status: http.StatusServiceUnavailable, detail: otherwise}
}

// newGeneration prepares nothing yet. The entity tag is of the documents' bytes, not just of their content: answers
// contain dates. It is of the program, too, which may say the same in another way tomorrow.
func newGeneration(c *catalog.Catalog, digest, program string) *generation {
	sum := sha256.Sum256([]byte(program))
	g := &generation{Catalog: c, etag: []string{`"` + digest + "-" + hex.EncodeToString(sum[:4]) + `"`}}
	g.byJupyter = newJupyter(c)
	g.orders = make(map[string]func() []catalog.Kernel, len(kernelOrders))
	for key, order := range kernelOrders {
		g.orders[key] = sync.OnceValue(func() []catalog.Kernel { return g.sorted(order) })
	}
	return g
}

// sortable is a kernel with its version, parsed.
type sortable struct {
	catalog.Kernel
	version matchspec.Version
	odd     bool // the version is none to conda
}

// kernelOrders are the keys that kernels can be sorted by. Equal ones stand by language, name and version.
var kernelOrders = map[string]func(a, b *sortable) int{
	"language":      compareKernels,
	"name":          func(a, b *sortable) int { return cmp.Compare(a.Name(), b.Name()) },
	"version":       compareVersions,
	"package_count": func(a, b *sortable) int { return cmp.Compare(a.Len(), b.Len()) },
	"indexed_date":  func(a, b *sortable) int { return cmp.Compare(a.IndexedDate(), b.IndexedDate()) },
}

func (g *generation) sorted(order func(a, b *sortable) int) []catalog.Kernel {
	list := make([]sortable, 0, g.Stats().Kernels)
	for k := range g.Kernels(catalog.Filter{}) {
		v, err := matchspec.ParseVersion(k.Version())
		list = append(list, sortable{Kernel: k, version: v, odd: err != nil})
	}
	slices.SortFunc(list, func(a, b sortable) int { return cmp.Or(order(&a, &b), compareKernels(&a, &b)) })
	kernels := make([]catalog.Kernel, len(list))
	for i := range list {
		kernels[i] = list[i].Kernel
	}
	return kernels
}

func compareKernels(a, b *sortable) int {
	return cmp.Or(cmp.Compare(a.Language(), b.Language()), cmp.Compare(a.Name(), b.Name()), compareVersions(a, b))
}

// compareVersions is conda's order of versions; directories that are named otherwise come first.
func compareVersions(a, b *sortable) int {
	if a.odd || b.odd {
		if a.odd != b.odd {
			if a.odd {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Version(), b.Version())
	}
	return cmp.Or(a.version.Compare(b.version), strings.Compare(a.Version(), b.Version()))
}
