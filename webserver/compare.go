package webserver

import (
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// compareKernels answers GET /api/v1/compare: what differs from kernel a to kernel b.
func (s *server) compareKernels(c echo.Context) error {
	q := readQuery(c)
	a, b := q.kernel("a"), q.kernel("b")
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	var kernels [2]catalog.Kernel
	for i, key := range []manifests.KernelKey{a, b} {
		var ok bool
		if kernels[i], ok = g.Kernel(key); !ok {
			return g.missing(key)
		}
	}
	if g.tagged(c) {
		return nil
	}
	return writeJSON(c, catalog.Compare(kernels[0], kernels[1]))
}

// kernel returns a parameter that names a kernel by the path of its directory.
func (q *v1Query) kernel(name string) manifests.KernelKey {
	text := q.text(name)
	if text == "" {
		q.bad(name, "missing", "a kernel is needed: language/name/version")
		return manifests.KernelKey{}
	}
	key, ok := parseKey(text)
	if !ok {
		q.bad(name, "not_a_kernel", "must be language/name/version")
	}
	return key
}

// parseKey reads language/name/version. Directories have no slash in their names.
func parseKey(text string) (manifests.KernelKey, bool) {
	parts := strings.Split(strings.Trim(text, "/"), "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return manifests.KernelKey{}, false
	}
	return manifests.KernelKey{Language: parts[0], Name: parts[1], Version: parts[2]}, true
}
