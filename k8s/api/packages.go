package api

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// packages answers what is installed in an environment, by place.
func (s *server) packages(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	prefixes, err := s.options.Environments.Packages(c.Request().Context(), e)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, struct {
		ID       string         `json:"id"`
		Revision int64          `json:"revision"`
		Prefixes []image.Prefix `json:"prefixes"`
	}{e.ID, e.Revision, prefixes})
}

// bom answers the same as a bill of materials.
func (s *server) bom(c echo.Context) error {
	if format := c.QueryParam("format"); format != "" && format != "cyclonedx" {
		return fail(codeBadRequest, "query format: only cyclonedx")
	}
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	prefixes, err := s.options.Environments.Packages(c.Request().Context(), e)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := environment.WriteBOM(&body, e, prefixes); err != nil {
		return err
	}
	return writeBody(c, http.StatusOK, typeBOM, body.Bytes())
}

const typeBOM = "application/vnd.cyclonedx+json; version=1.6"

// hasPackage says whether a package is in an environment, its name as the tools that install it compare names.
func (s *server) hasPackage(ctx context.Context, e *environment.Environment, name string) (bool, error) {
	// A list of packages never changes: another one has another name.
	names, err := s.namesKept.get(e.Revisions[0].Packages, func() ([]string, error) {
		prefixes, err := s.options.Environments.Packages(ctx, e)
		return packageNames(prefixes), err
	})
	_, found := slices.BinarySearch(names, folded(name))
	return found, err
}

// packageNames are the names of all packages, folded and in order.
func packageNames(prefixes []image.Prefix) []string {
	var names []string
	for _, prefix := range prefixes {
		for _, p := range prefix.Packages {
			names = append(names, folded(p.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func folded(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}
