package catalog

import (
	"fmt"

	"kernelindexer/manifests"
)

// inverted is the kernels turned around: where in Catalog.postings those of
// each name are.
type inverted struct {
	names map[textID]uint32 // the names that are in kernels, numbered
	ends  []uint32          // by number of the name
}

// turn turns the kernels around, once: the rows of each package together, in the
// order of the kernels and, in a kernel, of its packages. That is the order in
// which a package index of ours lists them, and the original's, too, unless
// something changed between its two documents.
//
// It is a counting sort: count, add up, put each row in its place.
func (b *builder) turn() {
	if b.inverted.names != nil {
		return
	}
	c := b.c
	c.kernelCount = len(c.kernels)
	names := map[textID]uint32{}
	nameOf := make([]uint32, len(c.releases))
	for i, r := range c.releases {
		n, known := names[r.name]
		if !known {
			n = uint32(len(names))
			names[r.name] = n
		}
		nameOf[i] = n
	}
	places := make([]uint32, len(names)+1)
	for _, h := range c.held {
		places[nameOf[h.release]+1]++
	}
	for n := 1; n < len(places); n++ {
		places[n] += places[n-1]
	}
	c.postings = make([]posting, len(c.held))
	for i, h := range c.held {
		place := &places[nameOf[h.release]]
		c.postings[*place] = posting(i)
		*place++
	}
	b.inverted = inverted{names, places}
}

// run returns where the postings of a name are.
func (v *inverted) run(name textID) (start, end uint32, ok bool) {
	n, ok := v.names[name]
	if !ok {
		return 0, 0, false
	}
	if n > 0 {
		start = v.ends[n-1]
	}
	return start, v.ends[n], true
}

// addPackage takes the next package of the index. Where the document lists what
// the kernels gave, in the same order, nothing is kept of it.
func (b *builder) addPackage(p manifests.PackageEntry) error {
	b.turn()
	name := b.text.number(p.Name)
	start, end, known := b.inverted.run(name)
	if known {
		b.agreed++
	}
	run := b.c.postings[start:end]
	if b.lists(p.Kernels, run) {
		b.c.packages = append(b.c.packages, pack{name: name, start: start, end: end})
		return b.check()
	}
	b.c.inverse = false
	first := uint32(len(b.c.kept))
	b.keep(name, p.Kernels, run)
	b.c.packages = append(b.c.packages, pack{name: name, start: first, end: uint32(len(b.c.kept)), kept: true})
	return b.check()
}

// lists reports whether the document lists the rows that the kernels gave.
func (b *builder) lists(refs []manifests.KernelRef, run []posting) bool {
	if len(run) != len(refs) {
		return false
	}
	kernel := uint32(0)
	for i, at := range run {
		kernel = b.c.kernelOf(at, kernel)
		k, r, ref := &b.c.kernels[kernel], &b.c.releases[b.c.held[at].release], &refs[i]
		if b.text.at(k.name) != ref.KernelName || b.text.at(k.version) != ref.KernelVersion ||
			b.text.at(k.language) != ref.KernelLanguage ||
			b.text.at(r.version) != ref.PackageVersion || sources[r.source] != ref.Source {
			return false
		}
	}
	return true
}

// keep stores the rows of a package as the document lists them. Each is led
// back to a row that the kernels gave; one that they did not give is a
// difference.
func (b *builder) keep(name textID, refs []manifests.KernelRef, run []posting) {
	type key struct {
		kernel  uint32
		version textID
		source  uint8
	}
	given := make(map[key][]posting, len(run))
	kernel := uint32(0)
	for _, at := range run {
		kernel = b.c.kernelOf(at, kernel)
		r := &b.c.releases[b.c.held[at].release]
		k := key{kernel, r.version, r.source}
		given[k] = append(given[k], at)
	}
	for i := range refs {
		ref := &refs[i]
		k := key{b.kernel(ref.Key()), b.text.number(ref.PackageVersion), sourceNumber(ref.Source)}
		var at posting
		if rows := given[k]; len(rows) > 0 {
			at, given[k] = rows[0], rows[1:]
		} else {
			at = posting(len(b.c.held))
			b.c.held = append(b.c.held, holding{release: b.release(release{name: name, version: k.version, source: k.source})})
			b.differ("package %q: kernel %s does not have it as version %q from %s",
				b.text.at(name), ref.Key(), ref.PackageVersion, ref.Source)
		}
		b.c.kept = append(b.c.kept, keptPosting{k.kernel, at})
	}
	if len(run) > len(refs) {
		b.differ("package %q: kernels have %d rows of it, the index has %d", b.text.at(name), len(run), len(refs))
	}
}

// kernel returns the number of a kernel that the index names, a new one behind
// all kernels if the collated file does not have it.
func (b *builder) kernel(key manifests.KernelKey) uint32 {
	if b.kernels == nil {
		b.kernels = make(map[manifests.KernelKey]uint32, len(b.c.kernels))
		for i := range b.c.kernels {
			k := &b.c.kernels[i]
			b.kernels[manifests.KernelKey{
				Language: b.text.at(k.language), Name: b.text.at(k.name), Version: b.text.at(k.version),
			}] = uint32(i)
		}
	}
	n, ok := b.kernels[key]
	if !ok {
		n = uint32(len(b.c.kernels))
		b.kernels[key] = n
		b.c.kernels = append(b.c.kernels, kernel{
			language: b.text.number(key.Language), name: b.text.number(key.Name), version: b.text.number(key.Version),
		})
	}
	return n
}

// findMissing looks for names that kernels have and the index has not.
func (b *builder) findMissing() {
	if missing := len(b.inverted.names) - b.agreed; missing > 0 {
		b.c.inverse = false
		b.differ("%d packages of the kernels are not in the index", missing)
	}
}

// differ remembers the first contradiction. What it means is known at the end:
// the generation may stand behind the content.
func (b *builder) differ(format string, args ...any) {
	if b.differs == nil {
		b.differs = fmt.Errorf("%w: the documents differ: "+format, append([]any{manifests.ErrInvalid}, args...)...)
	}
}
