package webserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// history is what is known of the runs that led to a generation.
type history struct {
	document *manifests.Changes // as read, nil if nothing is known
	runs     []manifests.Run    // the newest first
	gone     map[manifests.KernelKey]manifests.GoneKernel
}

// newHistory picks from a document, which may be nil, what led to the catalog. A run that did not get to publish its
// pair may have told of more: what the catalog has is not gone.
func newHistory(c *catalog.Catalog, document *manifests.Changes) history {
	h := history{document: document, gone: map[manifests.KernelKey]manifests.GoneKernel{}}
	if document == nil {
		return h
	}
	h.runs = document.Leading(c.Generation())
	for _, k := range document.Gone {
		if _, there := c.Kernel(k.KernelKey); !there {
			h.gone[k.KernelKey] = k
		}
	}
	return h
}

// scope selects kernels by their names; an empty name selects all.
type scope struct{ language, name, version string }

// parseScope reads language/name or language/name/version; "" selects all kernels.
func parseScope(text string) (scope, bool) {
	parts := strings.Split(strings.Trim(text, "/"), "/")
	switch {
	case text == "":
		return scope{}, true
	case len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, ""):
		return scope{}, false
	}
	sc := scope{language: parts[0], name: parts[1]}
	if len(parts) == 3 {
		sc.version = parts[2]
	}
	return sc, true
}

func (sc scope) has(k manifests.KernelKey) bool {
	return (sc.language == "" || k.Language == sc.language) && (sc.name == "" || k.Name == sc.name) &&
		(sc.version == "" || k.Version == sc.version)
}

// String is what parseScope reads.
func (sc scope) String() string {
	if sc == (scope{}) {
		return ""
	}
	return strings.TrimSuffix(sc.language+"/"+sc.name+"/"+sc.version, "/")
}

// within returns the runs that list a kernel of the scope. Their lists and counts are then of such kernels only.
func (h *history) within(sc scope) []manifests.Run {
	if sc == (scope{}) {
		return h.runs
	}
	var runs []manifests.Run
	for _, r := range h.runs {
		r.Added = keep(r.Added, func(k manifests.AddedKernel) bool { return sc.has(k.KernelKey) })
		r.Removed = keep(r.Removed, sc.has)
		r.Changed = keep(r.Changed, func(k manifests.ChangedKernel) bool { return sc.has(k.KernelKey) })
		r.AddedCount, r.RemovedCount, r.ChangedCount = len(r.Added), len(r.Removed), len(r.Changed)
		if r.AddedCount+r.RemovedCount+r.ChangedCount > 0 {
			runs = append(runs, r)
		}
	}
	return runs
}

// keep returns the elements that are wanted; the list stays as it is.
func keep[T any](list []T, wanted func(T) bool) []T {
	kept := []T{}
	for _, v := range list {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// listChanges answers GET /api/v1/changes: what recent runs of the indexer changed. Its tag is of its bytes, for the
// document can become another while the pair stays.
func (s *server) listChanges(c echo.Context) error {
	q := readQuery(c)
	part := q.page()
	sc, ok := parseScope(q.text("kernel"))
	if !ok {
		q.bad("kernel", "not_a_kernel", "must be language/name or language/name/version")
	}
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	all := g.history.within(sc)
	runs := all[min(part.Offset, len(all)):min(part.Offset+part.Limit, len(all))]
	body, err := json.Marshal(struct {
		listing
		Runs []manifests.Run `json:"runs"`
	}{listing{g.Origin(), len(all), part.Limit, part.Offset}, runs})
	if err != nil {
		return err
	}
	if tagged(c, contentTag(body)) {
		return nil
	}
	s.announce(c, part, len(all))
	return writeBody(c, http.StatusOK, typeJSON, body)
}
