package webserver

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// What the original says while it has nothing to serve, and about kernels that are not there.
const (
	noManifests = "Collated manifests not loaded"
	noIndex     = "Package index not loaded"
	noLanguages = "No languages found in data"
)

func notFound(format string, args ...any) error {
	return &httpError{status: http.StatusNotFound, detail: fmt.Sprintf(format, args...)}
}

// health answers 200 whatever is wrong (W2). What says whether the server can serve is /readyz.
func (s *server) health(c echo.Context) error {
	loaded := s.Pair.Current() != nil
	word := "unhealthy"
	if loaded {
		word = "healthy"
	}
	c.Response().Header()[headerCacheControl] = noStore
	return writeJSON(c, struct {
		Status      string  `json:"status"`
		Manifests   bool    `json:"collated_manifests_loaded"`
		Index       bool    `json:"package_index_loaded"`
		LastRefresh *string `json:"last_refresh"`
	}{word, loaded, loaded, s.lastRefresh()})
}

// lastRefresh is when the files were last read and taken, in local time without a zone as the original writes it.
func (s *server) lastRefresh() *string {
	t := s.Pair.State().Success
	if t.IsZero() {
		return nil
	}
	text := isoFormat(t.Local())
	return &text
}

// isoFormat is Python's datetime.isoformat: six digits of a second, or none where all are zero.
func isoFormat(t time.Time) string {
	layout := "2006-01-02T15:04:05.000000"
	if t.Nanosecond() < int(time.Microsecond) {
		layout = "2006-01-02T15:04:05"
	}
	return t.Format(layout)
}

// languages lists the language directories, sorted (W3).
func (s *server) languages(c echo.Context) error {
	g, err := s.loaded(noManifests)
	if err != nil {
		return err
	}
	var answer struct {
		Languages []string `json:"languages"`
	}
	for l := range g.Languages() {
		answer.Languages = append(answer.Languages, l.Name())
	}
	if len(answer.Languages) == 0 {
		return &httpError{status: http.StatusServiceUnavailable, detail: noLanguages}
	}
	if g.tagged(c) {
		return nil
	}
	return writeJSON(c, answer)
}

// kernelsOfLanguage lists kernels in the order of the file, and their versions as texts are sorted (W4): "1.10" comes
// before "1.9".
func (s *server) kernelsOfLanguage(c echo.Context) error {
	name, err := segment(c, "language")
	if err != nil {
		return err
	}
	g, err := s.loaded(noManifests)
	if err != nil {
		return err
	}
	language, ok := g.Language(name)
	if !ok {
		return notFound("Language '%s' not found or has no kernels", name)
	}
	if g.tagged(c) {
		return nil
	}
	type family struct {
		Name     string   `json:"name"`
		Versions []string `json:"versions"`
	}
	answer := struct {
		Language string   `json:"language"`
		Kernels  []family `json:"kernels"`
	}{Language: name}
	for f := range language.Families() {
		entry := family{Name: f.Name()}
		for k := range f.Kernels() {
			entry.Versions = append(entry.Versions, k.Version())
		}
		slices.Sort(entry.Versions)
		answer.Kernels = append(answer.Kernels, entry)
	}
	return writeJSON(c, answer)
}

// kernelDetails is one kernel without its packages (W5).
func (s *server) kernelDetails(c echo.Context) error {
	g, k, err := s.kernelOf(c)
	if err != nil || g.tagged(c) {
		return err
	}
	return writeJSON(c, struct {
		Language        string `json:"language"`
		KernelName      string `json:"kernel_name"`
		Version         string `json:"version"`
		LanguageVersion string `json:"language_version"`
		PackageCount    int    `json:"package_count"`
		ManifestPath    string `json:"manifest_path"`
		IndexedDate     string `json:"indexed_date"`
	}{k.Language(), k.Name(), k.Version(), k.LanguageVersion(), k.Len(), k.ManifestPath(), k.IndexedDate()})
}

// kernelManifest is one kernel with its packages as the file has them (W6).
func (s *server) kernelManifest(c echo.Context) error {
	g, k, err := s.kernelOf(c)
	if err != nil || g.tagged(c) {
		return err
	}
	return writeJSON(c, struct {
		KernelName      string              `json:"kernel_name"`
		KernelVersion   string              `json:"kernel_version"`
		Language        string              `json:"language"`
		LanguageVersion string              `json:"language_version"`
		IndexedDate     string              `json:"indexed_date"`
		Packages        []manifests.Package `json:"packages"`
	}{k.Name(), k.Version(), k.Language(), k.LanguageVersion(), k.IndexedDate(), packagesOf(k)})
}

func packagesOf(k catalog.Kernel) []manifests.Package {
	list := make([]manifests.Package, 0, k.Len())
	for r := range k.Rows() {
		list = append(list, r.Package())
	}
	return list
}

// kernelOf returns the kernel that the path names.
func (s *server) kernelOf(c echo.Context) (*generation, catalog.Kernel, error) {
	names, err := segments(c, "language", "kernel_name", "version")
	if err != nil {
		return nil, catalog.Kernel{}, err
	}
	g, err := s.loaded(noManifests)
	if err != nil {
		return nil, catalog.Kernel{}, err
	}
	k, ok := g.Kernel(manifests.KernelKey{Language: names[0], Name: names[1], Version: names[2]})
	if !ok {
		return nil, k, notFound("Kernel '%s' version '%s' not found for language '%s'", names[1], names[2], names[0])
	}
	return g, k, nil
}

// packageInfo is one package with the kernels that have it (W7).
func (s *server) packageInfo(c echo.Context) error {
	name, err := segment(c, "package_name")
	if err != nil {
		return err
	}
	g, err := s.loaded(noIndex)
	if err != nil {
		return err
	}
	p, ok := g.Package(name)
	if !ok {
		return notFound("Package '%s' not found", name)
	}
	if g.tagged(c) {
		return nil
	}
	a := s.answers.get()
	defer s.answers.put(a)
	a.buf = p.AppendJSON(a.buf)
	return writeBody(c, http.StatusOK, typeJSON, a.buf)
}
