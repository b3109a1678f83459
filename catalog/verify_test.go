package catalog_test

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// verify checks that every view of a catalog reproduces the documents.
func verify(t testing.TB, p pair, c *catalog.Catalog) {
	t.Helper()
	kernels, packages := documents(t, p)
	rows := 0
	for _, e := range kernels {
		rows += len(e.Packages)
	}
	diff(t, "stats", catalog.Stats{Kernels: len(kernels), Packages: len(packages), Rows: rows}, c.Stats())
	diff(t, "kernels", kernels, collect(c.Kernels(catalog.Filter{}), catalog.Kernel.Entry), cmpopts.EquateEmpty())
	diff(t, "packages", packages, collect(c.Packages(), catalog.Package.Entry), cmpopts.EquateEmpty())
	for i, e := range kernels {
		verifyKernel(t, c, e, i)
	}
	for i, e := range packages {
		verifyPackage(t, c, e, i)
	}
	verifyLanguages(t, c, kernels)
	verifySearch(t, c, packages)
}

func collect[V, E any](views iter.Seq[V], entry func(V) E) (list []E) {
	for v := range views {
		list = append(list, entry(v))
	}
	return list
}

func verifyKernel(t testing.TB, c *catalog.Catalog, e manifests.Entry, number int) {
	t.Helper()
	k, ok := c.Kernel(e.Key())
	if !ok || k.Number() != number || k.Key() != e.Key() || k.Len() != e.PackageCount {
		t.Fatalf("kernel %s: found %v", e.Key(), ok)
	}
	names := map[string][]manifests.Package{}
	for _, p := range e.Packages {
		names[p.Name] = append(names[p.Name], p)
	}
	for name, want := range names {
		diff(t, "named "+name, want, collect(k.Named(name), catalog.Row.Package))
		if !k.Has(name) || k.Has(name+"\x00") {
			t.Errorf("%s has %q or more", k.Key(), name)
		}
	}
	for r := range k.Rows() {
		if of, ok := r.Kernel(); !ok || of != k {
			t.Errorf("%s: a row of %s", k.Key(), r.Key())
		}
	}
}

func verifyPackage(t testing.TB, c *catalog.Catalog, e manifests.PackageEntry, number int) {
	t.Helper()
	p, ok := c.Package(e.Name)
	if !ok || p.Number() != number || p.Name() != e.Name || p.Len() != e.KernelCount {
		t.Fatalf("package %q: found %v", e.Name, ok)
	}
	var again manifests.PackageEntry
	data := p.AppendJSON([]byte("x"))
	if err := json.Unmarshal(data[1:], &again); err != nil {
		t.Fatalf("package %q: %v", e.Name, err)
	}
	diff(t, "JSON", e, again)
	for r := range p.Rows() {
		if r.Name() != e.Name {
			t.Errorf("package %q has a row of %q", e.Name, r.Name())
		}
	}
}

func verifyLanguages(t testing.TB, c *catalog.Catalog, kernels []manifests.Entry) {
	t.Helper()
	want := map[string]map[string][]string{}
	order := map[string][]string{}
	for _, e := range kernels {
		if want[e.Language] == nil {
			want[e.Language] = map[string][]string{}
		}
		if want[e.Language][e.KernelName] == nil {
			order[e.Language] = append(order[e.Language], e.KernelName)
		}
		want[e.Language][e.KernelName] = append(want[e.Language][e.KernelName], e.KernelVersion)
	}
	got := map[string]map[string][]string{}
	names := collect(c.Languages(), catalog.Language.Name)
	if !slices.IsSorted(names) {
		t.Errorf("languages %q are not sorted", names)
	}
	for _, name := range names {
		l, ok := c.Language(name)
		if !ok || l.Name() != name {
			t.Fatalf("language %q: found %v", name, ok)
		}
		got[name] = map[string][]string{}
		count := 0
		for f := range l.Families() {
			got[name][f.Name()] = collect(f.Kernels(), catalog.Kernel.Version)
			count += f.Len()
			if again, ok := l.Family(f.Name()); !ok || again != f {
				t.Errorf("family %q is another by name", f.Name())
			}
		}
		if count != l.Len() {
			t.Errorf("language %q has %d kernels, its families %d", name, l.Len(), count)
		}
		diff(t, "families of "+name, order[name], collect(l.Families(), catalog.Family.Name))
	}
	diff(t, "languages", want, got)
}

// verifySearch compares with what the original's service does, for queries of
// ASCII letters, where strings.ToLower is all there is to it.
func verifySearch(t testing.TB, c *catalog.Catalog, packages []manifests.PackageEntry) {
	t.Helper()
	queries := []string{"", "a", "A-", "no such name at all"}
	for _, e := range packages {
		if len(queries) < 20 {
			queries = append(queries, e.Name, e.Name[len(e.Name)/2:])
		}
	}
	for _, query := range queries {
		if !isASCII(query) {
			continue
		}
		var want []string
		for _, e := range packages {
			if strings.Contains(asciiLower(e.Name), asciiLower(query)) {
				want = append(want, e.Name)
			}
		}
		got := collect(c.Search(query), catalog.Package.Name)
		got = slices.DeleteFunc(got, func(name string) bool {
			return !slices.Contains(want, name) && !isASCII(name) // e.g. the Kelvin sign for a k
		})
		diff(t, "search "+query, want, got)
	}
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0 }

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
