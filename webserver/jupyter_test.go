package webserver_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// A kernel runs in Jupyter if a package in it speaks Jupyter's protocol; the list can be cut down to such kernels, and
// stays so when it is sorted.
func TestJupyter(t *testing.T) {
	s := newSite(t, "ours")
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		s.write(name, strings.ReplaceAll(readFile(t, "testdata", "ours", name), `"astropy"`, `"ipykernel"`))
	}
	s.refresh()
	if p := s.page(http.StatusOK, "/kernels/Python/astro/1.0"); !p.has("yes, by ipykernel 7.1.0") {
		t.Errorf("%q", p.words)
	}
	if p := s.page(http.StatusOK, "/kernels/R/pecan/1.9"); !p.has("Runs in Jupyter no") && !slices.Contains(p.words, "no") {
		t.Errorf("%q", p.words)
	}
	p := s.page(http.StatusOK, "/kernels?jupyter=1")
	if !p.has("1 of 6 kernels") || !p.has("astro 1.0") || p.has("pecan") || !slices.Contains(p.links, "/kernels?jupyter=1&sort=name") {
		t.Errorf("%q %q", p.words, p.links)
	}
	if p = s.page(http.StatusOK, "/kernels?jupyter=0"); !p.has("6 of 6 kernels") {
		t.Errorf("%q", p.words)
	}
}
