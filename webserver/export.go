package webserver

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// exportTypes are the media types of the formats.
var exportTypes = map[catalog.Format][]string{
	catalog.Environment:  {"application/yaml"}, // RFC 9512
	catalog.Explicit:     typeText,
	catalog.Requirements: typeText,
	catalog.CycloneDX:    {"application/vnd.cyclonedx+json"},
}

// exportKernel answers GET /api/v1/kernels/{language}/{kernel_name}/{version}/export: the kernel, written down for
// another tool.
func (s *server) exportKernel(c echo.Context) error {
	names, err := segments(c, "language", "kernel_name", "version")
	if err != nil {
		return err
	}
	q := readQuery(c)
	format := catalog.Format(q.choice("format", formatWords()))
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	key := manifests.KernelKey{Language: names[0], Name: names[1], Version: names[2]}
	k, ok := g.Kernel(key)
	if !ok {
		return g.missing(key)
	}
	var body bytes.Buffer
	if err := k.Export(&body, format); errors.Is(err, catalog.ErrNotExplicit) {
		q.bad("format", "not_available", catalog.ErrNotExplicit.Error()+"; the command kernels export reads them from the kernel root")
		return q.err()
	} else if err != nil {
		return err
	}
	if g.tagged(c) {
		return nil
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `inline; filename="`+format.FileName()+`"`)
	return writeBody(c, http.StatusOK, exportTypes[format], body.Bytes())
}

// formatWords are the values of format, the default first.
func formatWords() []string {
	var words []string
	for _, f := range catalog.Formats() {
		words = append(words, string(f))
	}
	return words
}
