package catalog_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"
	"go.yaml.in/yaml/v3"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
)

func export(t testing.TB, k catalog.Kernel, f catalog.Format) string {
	t.Helper()
	var b, again bytes.Buffer
	if err := errors.Join(k.Export(&b, f), k.Export(&again, f)); err != nil {
		t.Fatal(err)
	}
	if b.String() != again.String() {
		t.Errorf("%s differs from time to time", f)
	}
	return b.String()
}

// exported is a kernel with packages of all origins.
func exported(t testing.TB) catalog.Kernel {
	t.Helper()
	return get(t, loadPair(t, collate(t, kernel("R/pecan/1.9", "4.4.3",
		"base 4.4.3 r", "bioconductor-deseq2 1.46.0 conda r44_0 bioconda", "DESeq2 1.46.0 r", "Fancy.Name 1.0.post1 conda pypi_0 pypi",
		"local 0.1 conda dev_0 <develop>", "numpy 2.3.1 conda py311h0_0 conda-forge", "odd_pip 2020b-final conda pypi_0 pypi",
		"openssl 3.5.1 conda h7b32b05_0 conda-forge", "r-sf 1.0_20 conda r44_0 conda-forge", "Rcpp 1.0.14 r", "sf 1.0-20 r",
		"tzdata 2025b conda h04d1e81_0 pkgs/main"))), "R/pecan/1.9")
}

func TestExport(t *testing.T) {
	k := exported(t)
	for _, f := range []catalog.Format{catalog.Environment, catalog.Requirements, catalog.CycloneDX} {
		golden(t, "export."+f.FileName(), []byte(export(t, k, f)))
	}
}

func TestExportRefuses(t *testing.T) {
	k := exported(t)
	var b bytes.Buffer
	err := k.Export(&b, catalog.Explicit)
	if !errors.Is(err, catalog.ErrNotExplicit) || b.Len() > 0 || !strings.Contains(err.Error(), "R/pecan/1.9: the index does not record the URLs") {
		t.Errorf("explicit: %v, %q", err, b.String())
	}
	if err := k.Export(&b, "x"); !errors.Is(err, catalog.ErrFormat) || b.Len() > 0 || catalog.Format("x").FileName() != "" {
		t.Errorf("unknown: %v, %q", err, b.String())
	}
	for _, f := range catalog.Formats() {
		if f.FileName() == "" {
			t.Errorf("%s has no file name", f)
		}
		if err := k.Export(failingWriter{}, f); err == nil {
			t.Errorf("%s: no error of the writer", f)
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Documents of the original know neither builds nor channels: all packages of a
// Python kernel count as conda's.
func TestExportOfTheOriginal(t *testing.T) {
	entry := manifests.NewEntry(kernel("Python/a/1", "3", "numpy 2 python", "Requests 2.1 python"))
	packages := []manifests.PackageEntry{}
	for _, p := range entry.Packages {
		ref := manifests.KernelRef{KernelName: "a", KernelVersion: "1", KernelLanguage: "Python", PackageVersion: p.Version, Source: p.Source}
		packages = append(packages, manifests.PackageEntry{Name: p.Name, KernelCount: 1, Kernels: []manifests.KernelRef{ref}})
	}
	slices.SortFunc(packages, func(a, b manifests.PackageEntry) int { return strings.Compare(a.Name, b.Name) })
	k := get(t, loadPair(t, encode(t, []manifests.Entry{entry}, packages, "")), "Python/a/1")
	diff(t, "environment", "# Python/a/1, indexed 2026-01-31T04:00:00Z\nname: a-1\ndependencies:\n  - numpy=2\n  - Requests=2.1\n", export(t, k, catalog.Environment))
	if s := export(t, k, catalog.Requirements); !strings.HasSuffix(s, "# No package is known to be installed by pip.\n") {
		t.Error(s)
	}
	if s := export(t, k, catalog.CycloneDX); !strings.Contains(s, `"purl": "pkg:conda/numpy@2"`) {
		t.Error(s)
	}
}

// hostile makes packages whose texts mean something to a tool that reads them.
func (d dice) hostile() manifests.Package {
	text := func() string {
		if d.IntN(2) == 0 { // of which YAML takes some for other than texts
			return d.of("a", "ok-1", "1.0", "1_0", "null", "true", "1e3", "0x1", "2026-01-01", "yes")
		}
		return d.of("a", "ok-1", "1.0", "a\n  - evil", "\"", "'", "x # y", "k: v", "- a", "null", "true", "1e3", "~", "yes", "&a", "*a", "!t", "%T", "@x", "`", "{a}",
			"[a]", "-r other.txt", "--index-url=http://x", "a;b", "a @ http://x", "a\\", "${HOME}", "\r", "\u2028", "\u0085", "\x00", "a=b", "a==1", "a>1", ">", "|", "?", "../../x",
			"", " ", "\t", "é", "\U0001f40d", "a,b", "[pip]", "1!2.0+x_1", "v1.0", "1.0-1", "0x1", "1_000", "12:30", "2026-01-01", "...", "---", "<<", "=")
	}
	p := manifests.Package{Name: text(), Version: text(), Source: manifests.Source(d.of("r", "conda", "python"))}
	if p.Source != manifests.SourceR {
		p.Build, p.Channel = text(), d.of("pypi", "conda-forge", "<develop>", "pkgs/r", "https://example.org/a b", text())
	}
	return p
}

// What was exported says, read back as the tools read it, what the kernel has,
// and nothing else.
func TestExportIsReadBack(t *testing.T) {
	installable := 0
	for seed := range uint64(200) {
		d := dice{rand.New(rand.NewPCG(seed, 5))}
		m := manifests.Manifest{
			Language: "R", KernelName: d.of("a", "a\nb: c", "#", ": ", "é"), KernelVersion: d.of("1", "1\n- x", "\""), LanguageVersion: "4", IndexedDate: "2026-01-31T04:00:00Z",
		}
		for range d.IntN(40) {
			m.Packages = append(m.Packages, d.hostile())
		}
		manifests.SortPackages(m.Packages)
		m.Packages = slices.Compact(m.Packages)
		c := loadPair(t, collate(t, m))
		k, _ := c.Kernel(m.Key())
		installable += checkEnvironment(t, k, export(t, k, catalog.Environment))
		checkRequirements(t, k, export(t, k, catalog.Requirements))
		checkBOM(t, k, export(t, k, catalog.CycloneDX))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if installable < 300 {
		t.Errorf("only %d packages were exported", installable)
	}
}

func checkEnvironment(t *testing.T, k catalog.Kernel, text string) int {
	t.Helper()
	var env map[string]any
	if err := yaml.Unmarshal([]byte(text), &env); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for field := range env {
		if !slices.Contains([]string{"name", "channels", "dependencies"}, field) {
			t.Errorf("field %q", field)
		}
	}
	if name, ok := env["name"].(string); !ok || strings.ContainsAny(name, " /:#\n\\") {
		t.Errorf("name %v", env["name"])
	}
	list, _ := env["dependencies"].([]any)
	count := len(list)
	for i, item := range list {
		if section, ok := item.(map[string]any); ok && i == len(list)-1 && len(section) == 1 {
			for _, line := range section["pip"].([]any) {
				checkRequirement(t, k, line.(string))
			}
			continue
		}
		text, ok := item.(string)
		if !ok {
			t.Errorf("dependency %v", item)
		} else if text != "pip" && !isRecord(t, k, text) {
			t.Errorf("dependency %q is no package", text)
		}
	}
	return count
}

// isRecord reports whether a spec is one that a record of the kernel's matches.
func isRecord(t *testing.T, k catalog.Kernel, text string) bool {
	t.Helper()
	name, rest, _ := strings.Cut(text, "=")
	version, build, _ := strings.Cut(rest, "=")
	for r := range k.Rows() {
		if r.Name() != name || version != r.Version() || r.Version() != "" && build != r.Build() || r.Channel() == "pypi" {
			continue
		}
		spec, err := matchspec.Parse(text)
		if err != nil { // nor would conda take the record
			return true
		}
		ok, err := spec.Match(&matchspec.Record{Name: strings.ToLower(r.Name()), Version: r.Version(), Build: r.Build()})
		if err == nil && !ok {
			t.Errorf("%q does not match what it was made of", text)
		}
		return true
	}
	return false
}

func checkRequirements(t *testing.T, k catalog.Kernel, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "# ") {
			checkRequirement(t, k, line)
		} else if strings.ContainsAny(line, "\r\x00\u2028\u0085") || strings.HasSuffix(line, "\\") {
			t.Errorf("comment %q", line)
		}
	}
}

var requirementLine = regexp.MustCompile(`^([0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?)===?([0-9A-Za-z][0-9A-Za-z.+!_-]*)$`)

func checkRequirement(t *testing.T, k catalog.Kernel, line string) {
	t.Helper()
	m := requirementLine.FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("requirement %q", line)
	}
	for r := range k.Named(m[1]) {
		if r.Version() == m[2] && r.Channel() == "pypi" {
			return
		}
	}
	t.Errorf("requirement %q is no package", line)
}

func checkBOM(t *testing.T, k catalog.Kernel, text string) {
	t.Helper()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(bom.SerialNumber) {
		t.Errorf("serial number %s", bom.SerialNumber)
	}
	if bom.Components == nil {
		bom.Components = &[]cdx.Component{}
	}
	if bom.SpecVersion != cdx.SpecVersion1_6 || bom.Metadata.Timestamp != k.IndexedDate() || len(*bom.Components) != k.Len() {
		t.Errorf("%s, %s, %d components", bom.SpecVersion, bom.Metadata.Timestamp, len(*bom.Components))
	}
	i := 0
	for r := range k.Rows() {
		c := (*bom.Components)[i]
		i++
		if c.Name != r.Name() || c.Version != r.Version() {
			t.Errorf("component %q %q of %q %q", c.Name, c.Version, r.Name(), r.Version())
		}
		if c.PackageURL == "" {
			continue
		}
		u, err := packageurl.FromString(c.PackageURL)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		q := u.Qualifiers.Map()
		if u.Version != r.Version() || u.Type != "pypi" && u.Name != r.Name() || u.Type == "pypi" && u.Name != catalog.Fold(r.Name()) ||
			u.Type == "conda" && (q["build"] != r.Build() || q["channel"] != r.Channel()) || (u.Type == "cran") != (r.Source() == manifests.SourceR) {
			t.Errorf("%s of %+v", c.PackageURL, r.Package())
		}
	}
}
