package catalog_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
	"kernelindexer/condaenv/pystr"
	"kernelindexer/manifests"
)

// naiveSpec is a spec as the naive evaluation takes it: conda's Match, asked of
// each row under each of the names that the row goes by.
type naiveSpec struct{ name, rest, source string }

func (s naiveSpec) String() string {
	switch {
	case s.source == "":
		return s.name + s.rest
	case strings.HasSuffix(s.rest, "]"):
		return s.name + strings.TrimSuffix(s.rest, "]") + ",source=" + s.source + "]"
	default:
		return s.name + s.rest + "[source='" + s.source + "']"
	}
}

func (s naiveSpec) isPattern() bool { return strings.Contains(s.name, "*") }

var separators = regexp.MustCompile(`[-_.]+`)

func naiveFold(s string) string {
	return separators.ReplaceAllLiteralString(pystr.Lower(s), "-")
}

// names are what a row goes by.
func (s naiveSpec) names(p manifests.Package, exact bool) []string {
	if exact {
		return []string{p.Name}
	}
	folded := naiveFold(p.Name)
	names := []string{p.Name, pystr.Lower(p.Name), folded}
	of, isBinding := folded, p.Source == manifests.SourceR
	for _, prefix := range []string{"r-", "bioconductor-"} {
		if rest, ok := strings.CutPrefix(folded, prefix); ok && rest != "" && p.Source != manifests.SourceR && p.Channel != "pypi" {
			of, isBinding = rest, true
			break
		}
	}
	switch {
	case !isBinding:
	case s.isPattern() && p.Source == manifests.SourceR:
		names = append(names, "r-"+of)
	case s.isPattern():
		names = append(names, of)
	default:
		names = append(names, of, "r-"+of, "bioconductor-"+of)
	}
	return names
}

// asked are the specs that conda is asked: as written and folded.
func (s naiveSpec) asked(t *testing.T, exact bool) []matchspec.Spec {
	var specs []matchspec.Spec
	for _, name := range []string{s.name, naiveFold(s.name)} {
		if exact && name != s.name || s.isPattern() && name != s.name {
			continue
		}
		spec, err := matchspec.Parse(strings.TrimSpace(name + s.rest))
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, spec)
	}
	return specs
}

// judge says whether the row is by a name of the spec, and whether it does.
func (s naiveSpec) judge(p manifests.Package, specs []matchspec.Spec, exact bool) (named, does bool) {
	if s.source != "" && string(p.Source) != s.source {
		return false, false
	}
	for _, spec := range specs {
		for _, name := range s.names(p, exact) {
			if exact && name == s.name {
				name = spec.Name() // capitals of the spec
			}
			r := matchspec.Record{Name: name, Version: p.Version, Build: p.Build, Channel: p.Channel}
			miss, err := spec.Miss(&r)
			if miss == "name" {
				continue
			}
			named = true
			_, build := spec.Field("build")
			_, channel := spec.Field("channel")
			if miss == "" && err == nil && (!build || p.Build != "" || spec.Build() == "*") && (!channel || p.Channel != "") {
				return true, true
			}
		}
	}
	return named, false
}

func (d dice) findable() manifests.Package {
	p := manifests.Package{
		Name: d.of("sf", "SF", "r-sf", "R.sf", "r_SF", "bioconductor-sf", "bioconductor-r-sf", "r-bioconductor-sf", "r-r-sf", "r-", "",
			"openssl", "r-openssl", "a.b", "a-b", "A__b", "a-_b", "x", "r", "é-x", "É_x"),
		Version: d.of("", "1", "1.0", "1.0-14", "1.0_14", "2.0rc1", "2", "1..2", "1-2_3", "0.9"), Source: manifests.Source(d.of("r", "conda", "python")),
	}
	if p.Source != manifests.SourceR {
		p.Build, p.Channel = d.of("", "0", "h1_0", "py_0", "a'b"), d.of("", "conda-forge", "pkgs/main", "pypi", "https://example.org/x")
	}
	return p
}

func (d dice) spec() naiveSpec {
	return naiveSpec{
		name: d.of("sf", "SF", "Sf", "r-sf", "R.sf", "bioconductor-sf", "openssl", "r-openssl", "a.b", "A-B", "x", "r",
			"*", "r-*", "s*", "bioconductor-*", "*-*", "^.*f$", "a*b", "*x"),
		rest: d.of("", "", "", ">=1.0", "<1", "==1.0-14", "=1.0", " 1.*", "~=1.0", "!=1", ">1|<0.5", "=2=0", "[build=*]", "[build=h*]", "[build=\"^.*_0$\"]",
			"[build='0',version='>0']", "[channel=conda-forge]", "[channel=defaults,build=py*]", "[channel='*forge',version='>=1']", "[channel=pypi]"),
		source: d.of("", "", "", "r", "conda", "python"),
	}
}

// Whatever is asked of whatever there is, Find says what conda says of each
// row.
func TestFindIsNaiveEvaluation(t *testing.T) {
	matched, near := 0, 0
	for seed := range uint64(120) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		kernels := d.kernels(12)
		for i := range kernels {
			kernels[i].Packages = nil
			for range d.IntN(8) {
				kernels[i].Packages = append(kernels[i].Packages, d.findable())
			}
			manifests.SortPackages(kernels[i].Packages)
			kernels[i].Packages = slices.Compact(kernels[i].Packages)
		}
		p := collate(t, kernels...)
		if seed%2 == 1 {
			p = d.original(t, p)
		}
		c := loadPair(t, p)
		for range 20 {
			q := catalog.Query{Exact: d.IntN(3) == 0}
			var specs []naiveSpec
			for range 1 + d.IntN(3) {
				s := d.spec()
				if !slices.Contains(q.Specs, s.String()) {
					specs, q.Specs = append(specs, s), append(q.Specs, s.String())
				}
			}
			a := find(t, c, q)
			matched, near = matched+a.TotalMatches, near+a.TotalNearMisses
			checkNaive(t, c, q, specs, a)
			if t.Failed() {
				t.Fatalf("seed %d: %q", seed, q.Specs)
			}
		}
	}
	if matched < 500 || near < 500 {
		t.Errorf("too few of %d matches and %d near misses to say anything", matched, near)
	}
}

// checkNaive compares an answer with what a look at each row says, kernel by
// kernel: which packages satisfy which spec, and what is there instead.
func checkNaive(t *testing.T, c *catalog.Catalog, q catalog.Query, specs []naiveSpec, a catalog.Answer) {
	asked := make([][]matchspec.Spec, len(specs))
	for i, s := range specs {
		asked[i] = s.asked(t, q.Exact)
	}
	answered := map[manifests.KernelKey]catalog.NearMiss{}
	for _, m := range a.Matches {
		answered[m.Key()] = catalog.NearMiss{Match: m}
	}
	last := 0
	for _, m := range a.NearMisses {
		answered[m.Key()] = m
		if len(m.Missing) < last || len(m.Missing) == 0 {
			t.Errorf("%s is misplaced", m.Key())
		}
		last = len(m.Missing)
	}
	for k := range c.Kernels(catalog.Filter{}) {
		var have, instead []catalog.MatchedPackage
		missing, any := 0, false
		for i, s := range specs {
			satisfied := false
			var found []catalog.MatchedPackage
			for r := range k.Rows() {
				named, does := s.judge(r.Package(), asked[i], q.Exact)
				p := catalog.MatchedPackage{Spec: s.String(), Installed: catalog.Installed{
					Name: r.Name(), Version: r.Version(), Build: r.Build(), Channel: r.Channel(), Source: r.Source(),
				}}
				any = any || named
				if does {
					have, satisfied = append(have, p), true
				} else if named {
					found = append(found, p)
				}
			}
			if !satisfied {
				missing++
				instead = append(instead, found...)
			}
		}
		got, listed := answered[k.Key()]
		if listed != (missing == 0 || any) || listed && len(got.Missing) != missing {
			t.Errorf("%s: listed %t with %d missing, want %d", k.Key(), listed, len(got.Missing), missing)
		}
		if !listed {
			continue
		}
		var foundInstead []catalog.MatchedPackage
		for _, u := range got.Missing {
			for _, p := range u.Found {
				foundInstead = append(foundInstead, catalog.MatchedPackage{Spec: u.Spec, Installed: p})
			}
			if (len(u.Found) == 0) != (u.Reason == "not installed") {
				t.Errorf("%s: %d found, %s", k.Key(), len(u.Found), u.Reason)
			}
		}
		diff(t, k.Key().String(), sorted(have), sorted(got.Packages))
		diff(t, k.Key().String()+" instead", sorted(instead), sorted(foundInstead))
	}
}

func sorted(list []catalog.MatchedPackage) []string {
	lines := []string{}
	for _, p := range list {
		lines = append(lines, p.Spec+"|"+p.Name+"|"+p.Version+"|"+p.Build+"|"+p.Channel+"|"+string(p.Source))
	}
	slices.Sort(lines)
	return lines
}
