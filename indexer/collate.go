package indexer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
)

// collate publishes the documents made of the kernels' manifests.
func (x *Indexer) collate(ctx context.Context, kernels []manifests.KernelKey, pub manifests.Publication) error {
	x.status.Phase = manifests.PhaseCollate
	sum, err := x.publish(ctx, kernels, pub)
	if err != nil {
		return &CollateError{Err: err}
	}
	x.status.Generation = sum.Generation
	x.status.Kernels, x.status.Packages = sum.Kernels, sum.Rows
	return x.updateCatalog(kernels)
}

// publish puts the documents in place, the pair with what changed; a document alone is for looking at.
func (x *Indexer) publish(ctx context.Context, kernels []manifests.KernelKey, pub manifests.Publication) (manifests.Summary, error) {
	entries, now := x.entries(kernels), x.cfg.Now()
	if pub != pairNames {
		return x.out.Publish(ctx, entries, now, pub)
	}
	return x.out.PublishWithChanges(ctx, entries, now, manifests.ChangeRules{
		Kernels: compareKernels, Versions: matchspec.CompareVersions, Warn: x.cfg.Report.Warned,
	})
}

// updateCatalog writes where the kernels are, if that is asked for.
func (x *Indexer) updateCatalog(kernels []manifests.KernelKey) error {
	if !x.cfg.Catalog {
		return nil
	}
	if err := x.dir.WriteCatalog(x.catalogUpdate(kernels)); err != nil {
		return &CollateError{Err: err}
	}
	return nil
}

// entries yields the kernels' manifests, read one by one. A kernel without one is left out, which is said once: it was
// never indexed.
func (x *Indexer) entries(kernels []manifests.KernelKey) iter.Seq2[manifests.Entry, error] {
	skipped := map[manifests.KernelKey]bool{}
	return func(yield func(manifests.Entry, error) bool) {
		for _, key := range kernels {
			m, err := manifests.ReadManifest(x.root, manifests.ManifestPath(key))
			if errors.Is(err, fs.ErrNotExist) {
				if !skipped[key] {
					skipped[key] = true
					x.cfg.Report.Skipped(key, "has no "+manifests.PackageManifestName)
				}
				continue
			}
			if err == nil && m.Key() != key {
				err = fmt.Errorf("%w: %s says it is of %s", manifests.ErrInvalid, manifests.ManifestPath(key), m.Key())
			}
			if !yield(manifests.NewEntry(m), err) {
				return
			}
		}
	}
}

// catalogUpdate leaves the kernels of other languages alone when the run was limited to one.
func (x *Indexer) catalogUpdate(kernels []manifests.KernelKey) manifests.CatalogUpdate {
	u := manifests.CatalogUpdate{Kernels: kernels, HostRoot: x.cfg.HostRoot}
	if x.cfg.Filter.Language != "" {
		u.Languages = []string{x.cfg.Filter.Language}
	}
	return u
}
