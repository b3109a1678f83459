package manifests

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"reflect"
	"slices"
)

// ValidateStore checks what is published, for the validate command: both
// documents and that they are a pair (as [LoadPair]), the generation against
// the content, that each package row of the one is in the other, and each
// kernel's manifest against its entry. kernels is the kernel root; nil leaves
// the manifests out. Where index_changes.json is beside the collated file, it
// must be valid, tell of the run that led to the pair, and not contradict it.
//
// A manifest that was written after the pair is counted, but no contradiction:
// its run failed, or collates later.
//
// Each contradiction is passed to report and checking goes on; what cannot be
// read at all ends it. The error is [ErrInvalid] if anything was reported, else
// as of LoadPair. Memory is as for [Collate].
func ValidateStore(ctx context.Context, collated, index Location, kernels fs.FS, report func(error)) (Summary, error) {
	v := &storeCheck{kernels: kernels, gen: newGeneration(), report: report}
	pair, err := LoadPair(ctx, collated, index, v.kernel, v.pkg)
	if err != nil {
		return Summary{}, err
	}
	v.finish(pair)
	v.changes(Location{collated.FS, path.Join(path.Dir(collated.Name), ChangesName)}, pair.Collated)
	sum := Summary{
		Kernels: pair.Collated.TotalKernels, Rows: int(v.inverted.rows),
		Packages: pair.Index.TotalPackages, Generation: pair.Collated.Generation,
		Newer: v.newer,
	}
	if v.problems > 0 {
		return sum, invalid("%d problems", v.problems)
	}
	return sum, nil
}

// storeCheck turns the kernels around, as a collation does, and takes the index
// apart against the result.
type storeCheck struct {
	kernels  fs.FS
	gen      *generation
	inverted inversion
	ordinals map[KernelKey]uint32
	indexed  []bool // by number of the name
	report   func(error)
	problems int
	newer    int
}

func (v *storeCheck) problem(format string, args ...any) {
	v.problems++
	v.report(invalid(format, args...))
}

func (v *storeCheck) kernel(e Entry) error {
	if err := v.inverted.add(&e); err != nil {
		return err
	}
	if err := v.gen.add(e); err != nil {
		return err
	}
	if v.kernels != nil {
		v.manifest(e)
	}
	return nil
}

// manifest compares a kernel's manifest with its entry.
func (v *storeCheck) manifest(e Entry) {
	m, err := ReadManifest(v.kernels, e.ManifestPath)
	if err != nil {
		v.problem("kernel %s: %w", e.Key(), err)
		return
	}
	m.normalize()
	e.normalize()
	switch {
	case reflect.DeepEqual(m, e.Manifest):
	case m.IndexedDate > e.IndexedDate: // the form sorts
		v.newer++
	default:
		v.problem("kernel %s: %s differs from its entry", e.Key(), e.ManifestPath)
	}
}

// pkg compares a package's rows with the kernels' packages.
func (v *storeCheck) pkg(p PackageEntry) error {
	if v.indexed == nil {
		v.prepare()
	}
	name, ok := v.inverted.names.numbers[p.Name]
	if !ok {
		v.problem("package %q is in %s but in no kernel", p.Name, PackageIndexName)
		return nil
	}
	v.indexed[name] = true
	want := slices.Collect(v.inverted.postings(name))
	got := make([]posting, 0, len(p.Kernels))
	for i := range p.Kernels {
		row, ok := v.row(&p.Kernels[i])
		if !ok {
			v.problem("package %q: no kernel %s has it as version %q from %s",
				p.Name, p.Kernels[i].Key(), p.Kernels[i].PackageVersion, p.Kernels[i].Source)
			return nil
		}
		got = append(got, row)
	}
	for i := range want {
		want[i].next = 0
	}
	slices.SortFunc(want, comparePostings)
	slices.SortFunc(got, comparePostings)
	if !slices.Equal(want, got) {
		v.problem("package %q: its rows are not the kernels that have it", p.Name)
	}
	return nil
}

// prepare is called between the kernels and the packages.
func (v *storeCheck) prepare() {
	v.indexed = make([]bool, v.inverted.names.len())
	v.ordinals = make(map[KernelKey]uint32, len(v.inverted.kernels))
	for i, k := range v.inverted.kernels {
		v.ordinals[k] = uint32(i)
	}
}

// row translates a row into numbers; it fails where the kernels know no such
// kernel or version.
func (v *storeCheck) row(r *KernelRef) (posting, bool) {
	kernel, ok := v.ordinals[r.Key()]
	if !ok {
		return posting{}, false
	}
	version, ok := v.inverted.versions.numbers[r.PackageVersion]
	source := uint32(slices.Index(sources[:], r.Source))
	return posting{kernel: kernel, version: version<<sourceBits | source}, ok
}

func comparePostings(a, b posting) int {
	return cmp.Or(cmp.Compare(a.kernel, b.kernel), cmp.Compare(a.version, b.version))
}

// finish reports what can be known only at the end.
func (v *storeCheck) finish(pair Pair) {
	if v.indexed == nil {
		v.prepare()
	}
	for name, ok := range v.indexed {
		if !ok {
			v.problem("package %q is in a kernel but not in %s", v.inverted.names.strings[name], PackageIndexName)
		}
	}
	if want := v.gen.String(); pair.Collated.Generation != "" && pair.Collated.Generation != want {
		v.problem("the generation is %s, that of the content %s", pair.Collated.Generation, want)
	}
	if a, b := pair.Collated.IndexedDate, pair.Index.IndexedDate; pair.Collated.Generation != "" && a != b {
		v.problem("the documents have different dates, %s and %s", a, b)
	}
}
