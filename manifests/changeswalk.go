package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// ChangeRules are what a publication needs beside the kernels to say what
// changed.
type ChangeRules struct {
	// Kernels is the order in which kernels are handed over, a total one.
	Kernels func(a, b KernelKey) int
	// Versions is the order of package versions, for [MatchPackages].
	Versions func(a, b string) int
	// Warn hears why earlier changes are forgotten, or why nothing is known of
	// the index before. Neither stops a publication.
	Warn func(error)
}

// changeWalk walks along the kernels of the old index and those of the new one,
// which come by in the same order. Neither is in memory.
type changeWalk struct {
	rules ChangeRules
	old   *oldKernels // nil where there is none to compare with
	known Changes     // of the runs before
	mend  bool        // what was there instead of known was no document

	run   runList
	first runList                // the run if there turns out to be no old index
	gone  map[KernelKey]struct{} // as known has it, less those that are back
	scrap []byte
}

// newChangeWalk opens the old index and reads the document there is. The caller
// calls close.
func newChangeWalk(fsys fs.FS, rules ChangeRules) *changeWalk {
	w := &changeWalk{
		rules: rules, run: newRunList(), first: newRunList(),
		known: Changes{Runs: []Run{}, Gone: []GoneKernel{}}, gone: map[KernelKey]struct{}{},
	}
	switch known, err := ReadChanges(Location{fsys, ChangesName}); {
	case err == nil:
		w.known = known
	case !errors.Is(err, fs.ErrNotExist):
		w.mend = true
		rules.Warn(fmt.Errorf("earlier changes are forgotten: %w", err))
	}
	for _, k := range w.known.Gone {
		w.gone[k.KernelKey] = struct{}{}
	}
	old, err := openOldKernels(Location{fsys, CollatedName}, rules.Kernels)
	if err == nil {
		w.old = old
	} else {
		w.giveUp(err)
	}
	return w
}

func (w *changeWalk) close() {
	if w.old != nil {
		w.old.close()
		w.old = nil
	}
}

// giveUp makes the run the first one.
func (w *changeWalk) giveUp(err error) {
	w.close()
	if !errors.Is(err, fs.ErrNotExist) {
		w.rules.Warn(fmt.Errorf("what changed is not known, for the old %s cannot be compared with: %w", CollatedName, err))
	}
}

// kernel takes the next kernel of the new index; line is its content.
func (w *changeWalk) kernel(e *Entry, line []byte) {
	delete(w.gone, e.Key())
	w.run.TotalKernels++
	w.first.TotalKernels++
	w.first.added(e)
	if w.old == nil {
		return
	}
	if err := w.compare(e, line); err != nil {
		w.giveUp(err)
	}
}

func (w *changeWalk) compare(e *Entry, line []byte) error {
	order, err := w.skipTo(e.Key())
	if err != nil {
		return err
	}
	if order != 0 {
		w.run.added(e)
		return nil
	}
	w.scrap = content(w.scrap, w.old.line)
	if string(w.scrap) != string(line) {
		before, err := w.old.entry()
		if err != nil {
			return err
		}
		if k, differs := changeOf(&before, e, w.rules.Versions); differs {
			w.run.changed(k)
		}
	}
	return w.old.next()
}

// skipTo goes to the first old kernel that does not stand before key, and
// returns how it compares with key. Those that were passed over are no more.
func (w *changeWalk) skipTo(key KernelKey) (order int, err error) {
	for !w.old.done {
		if order = w.rules.Kernels(w.old.key, key); order >= 0 {
			return order, nil
		}
		w.run.removed(w.old.key)
		if err := w.old.next(); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// end takes the rest of the old index.
func (w *changeWalk) end() error {
	for !w.old.done {
		w.run.removed(w.old.key)
		if err := w.old.next(); err != nil {
			return err
		}
	}
	return nil
}

// finish returns the document that belongs to the new index, or nil if the one
// there is need not be replaced: because nothing changed, or because it knows
// the way to the new index from before the old one was lost.
func (w *changeWalk) finish(h CollatedHeader) *Changes {
	if w.old != nil {
		if err := w.end(); err != nil {
			w.giveUp(err)
		}
	}
	run, before := &w.first.Run, CollatedHeader{}
	if w.old != nil {
		run, before = &w.run.Run, w.old.header
	}
	switch {
	case before.Generation == h.Generation && w.mend:
		return &w.known
	case before.Generation == h.Generation, before.Generation == "" && len(w.known.Leading(h.Generation)) > 0:
		return nil
	}
	run.Generation, run.Previous, run.IndexedDate = h.Generation, before.Generation, h.IndexedDate
	w.known.Gone = slices.DeleteFunc(w.known.Gone, func(k GoneKernel) bool { _, still := w.gone[k.KernelKey]; return !still })
	w.known.add(*run, before.IndexedDate)
	return &w.known
}
