package catalog

import "context"

// evaluate finds the kernels that satisfy a spec.
func (f *finder) evaluate(w *wanted) error {
	present, satisfied := f.c.newKernelSet(), f.c.newKernelSet()
	f.present, f.satisfied = append(f.present, present), append(f.satisfied, satisfied)
	rows := 0
	for _, n := range w.names {
		rows += int(f.c.names[n.name].end - f.c.names[n.name].start)
	}
	if rows > f.c.kernelCount && rows > f.c.rowCount()/8 {
		return f.byKernel(w, present, satisfied)
	}
	return f.byName(w, present, satisfied)
}

// byName looks at the rows of each name that is meant. It is the way of specs
// that mean few names.
func (f *finder) byName(w *wanted, present, satisfied kernelSet) error {
	c, asks := f.c, w.asks()
	for _, n := range w.names {
		named := &c.names[n.name]
		every, kernel := w.anyRow(n), uint32(0)
		for i, at := range c.postings[named.start:named.end] {
			if i%256 == 0 && f.ctx.Err() != nil {
				return context.Cause(f.ctx)
			}
			kernel = c.kernelOf(at, kernel)
			if satisfied.has(kernel) || !every && !w.isNamed(c, n, &c.releases[c.held[at].release]) {
				continue
			}
			present.add(kernel)
			if !asks || w.fulfils(c, c.held[at]) {
				satisfied.add(kernel)
			}
		}
	}
	return nil
}

// What a spec says of a release, its build aside.
const (
	releaseUnknown = iota
	releaseOther   // not by a name of the spec
	releaseFails
	releaseFulfils
)

// byKernel looks at the rows of each kernel up to one that satisfies, and
// judges each release once. It is the way of patterns that many names match.
func (f *finder) byKernel(w *wanted, present, satisfied kernelSet) error {
	c := f.c
	w.indexNames(c)
	verdicts := make([]uint8, len(c.releases))
	at := uint32(0)
	for kernel := range uint32(c.kernelCount) {
		if kernel%16 == 0 && f.ctx.Err() != nil {
			return context.Cause(f.ctx)
		}
		seen := false
		for _, h := range c.held[at:c.ends[kernel]] {
			v := verdicts[h.release]
			if v == releaseUnknown {
				v = w.judge(c, &c.releases[h.release])
				verdicts[h.release] = v
			}
			if v == releaseOther {
				continue
			}
			seen = true
			if v == releaseFulfils && w.hasFulfillingBuild(c, h) {
				satisfied.add(kernel)
				break
			}
		}
		if seen {
			present.add(kernel)
		}
		at = c.ends[kernel]
	}
	return nil
}

// judge says what the spec says of a release.
func (w *wanted) judge(c *Catalog, r *release) uint8 {
	n, named := w.byText[r.name]
	switch {
	case !named || !w.isNamed(c, n, r):
		return releaseOther
	case w.isRelease(c, r):
		return releaseFulfils
	default:
		return releaseFails
	}
}

// indexNames prepares the look-up of what the spec says of a name.
func (w *wanted) indexNames(c *Catalog) {
	if w.byText != nil {
		return
	}
	w.byText = make(map[textID]naming, len(w.names))
	for _, n := range w.names {
		w.byText[c.names[n.name].name] = n
	}
}
