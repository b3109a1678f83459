// Package kernelindexer_test checks what holds for the whole: the import direction.
package kernelindexer_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "kernelindexer/"

// allowed is the architecture: which of our packages each top folder may import, beside its own sub-packages. A folder
// that is not named here is a change of the architecture.
var allowed = map[string][]string{
	"rootfs":             nil,
	"condaenv":           {"rootfs"},
	"manifests":          nil,
	"sbom":               nil,
	"catalog":            {"manifests", "condaenv/matchspec", "condaenv/pystr", "sbom"},
	"indexer":            {"condaenv", "condaenv/matchspec", "manifests", "rootfs"},
	"cli":                nil,
	"cmd/kernel-indexer": {"cli", "condaenv", "condaenv/condacmd", "condaenv/sandbox", "indexer", "manifests", "rootfs"},
	"serve":              {"cli"},
	"webserver":          {"catalog", "condaenv/matchspec", "manifests", "serve"},
	"cmd/kernels":        {"catalog", "cli", "condaenv", "condaenv/matchspec", "manifests", "rootfs"},
	"cmd/kernel-web":     {"cli", "manifests", "serve", "serve/serveflags", "webserver", "webserver/reload"},
	"cmd/kernel-jobs":    {"cli", "k8s/process", "k8s/processtype", "k8s/runner", "k8s/service", "serve", "serve/serveflags"},
	"testrepo":           {"condaenv", "manifests", "rootfs"},
	"k8s":                {"condaenv", "condaenv/pypi", "condaenv/rlib", "rootfs", "sbom", "serve"},
}

// foreign are libraries that only some folders may use, tests aside.
var foreign = map[string][]string{
	"k8s.io/":                     {"k8s"},
	"gocloud.dev":                 {"k8s"},
	"github.com/google/go-contai": {"k8s"},
	"github.com/jedib0t/":         {"cmd/kernels"},
	"github.com/labstack/echo":    {"serve", "webserver", "k8s"},
	"github.com/fsnotify":         {"webserver"},
	"github.com/chromedp":         {"webserver"},
	"github.com/prometheus":       {"cmd/kernel-web", "serve", "webserver", "k8s"},
	"github.com/spf13/cobra":      {"cli", "cmd/kernel-indexer", "cmd/kernel-jobs", "cmd/kernel-web", "cmd/kernels"},
	"github.com/rs/zerolog":       {"cli", "cmd/kernel-indexer", "cmd/kernel-jobs", "cmd/kernel-web", "k8s", "serve", "webserver"},
	"github.com/itchyny/gojq":     {"cmd/kernel-indexer", "cmd/kernels"},
	"net/http":                    {"webserver", "cmd/kernels", "testrepo", "k8s", "serve"},
	"github.com/gofrs/flock":      {"manifests"},
	"github.com/google/renameio/": {"manifests", "k8s"},
}

// folder returns the folder of the architecture that a package of ours is in.
func folder(path string) string {
	path = strings.TrimPrefix(path, module)
	top, rest, _ := strings.Cut(path, "/")
	if top == "cmd" {
		name, _, _ := strings.Cut(rest, "/")
		return top + "/" + name
	}
	return top
}

func TestImportDirection(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		from := folder(pkg)
		if pkg == strings.TrimSuffix(module, "/") {
			continue // this test
		}
		may, known := allowed[from]
		if !known {
			t.Errorf("%s is no folder of the architecture", from)
		}
		for imported := range strings.FieldsSeq(imports) {
			if ours, ok := strings.CutPrefix(imported, module); ok && folder(imported) != from && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s", pkg, imported)
			}
			for library, users := range foreign {
				if strings.HasPrefix(imported, library) && !slices.Contains(users, from) {
					t.Errorf("%s imports %s, which is for %v", pkg, imported, users)
				}
			}
		}
	}
}
