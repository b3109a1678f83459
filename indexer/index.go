package indexer

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"golang.org/x/sync/errgroup"

	"kernelindexer/condaenv"
	"kernelindexer/manifests"
)

// index writes a manifest for every kernel and returns the kernels in the order of the documents, without those that
// vanished meanwhile.
func (x *Indexer) index(ctx context.Context) ([]manifests.KernelKey, error) {
	x.status.Phase = manifests.PhaseIndex
	kernels, err := Discover(ctx, x.root, x.cfg.Filter)
	if err != nil {
		return nil, err
	}
	x.status.Kernels = len(kernels)
	x.cfg.Report.Begin(len(kernels))
	vanished, err := x.indexAll(ctx, kernels)
	if err != nil {
		return nil, err
	}
	left := kernels[:0]
	for _, key := range kernels {
		if !vanished[key] {
			left = append(left, key)
		}
	}
	x.status.Kernels = len(left)
	return left, nil
}

// indexAll indexes kernels side by side. The first failure cancels the others.
func (x *Indexer) indexAll(ctx context.Context, kernels []manifests.KernelKey) (vanished map[manifests.KernelKey]bool, err error) {
	group, siblings := errgroup.WithContext(ctx)
	group.SetLimit(x.cfg.Jobs)
	worker := kernelIndexer{cfg: &x.cfg, root: x.root, dir: x.dir, lister: x.cfg.Source.Lister(ctx, x.root)}
	var mu sync.Mutex // the status, the reporter and vanished
	vanished = map[manifests.KernelKey]bool{}
	for _, key := range kernels {
		group.Go(func() error {
			if err := siblings.Err(); err != nil {
				return err // one failed while this one waited for its turn
			}
			result, err := worker.index(siblings, key)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && worker.isGone(key) {
				vanished[key] = true
				x.cfg.Report.Skipped(key, "vanished during the run")
				return nil
			}
			if err != nil {
				return &KernelError{Kernel: key, Err: err}
			}
			x.count(result)
			x.cfg.Report.Done(result)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return vanished, ctx.Err()
}

func (x *Indexer) count(r Result) {
	x.status.Packages += r.Packages
	if r.Reused {
		x.status.Reused++
	} else {
		x.status.Indexed++
	}
}

// kernelIndexer indexes single kernels; it is used by several goroutines.
type kernelIndexer struct {
	cfg    *Config
	root   fs.FS
	dir    *manifests.Dir
	lister Lister
}

// fingerprintSalt changes when manifests get other content from the same files.
const fingerprintSalt = "1 "

// index makes and writes the manifest of one kernel, unless the one there is still holds.
func (k *kernelIndexer) index(ctx context.Context, key manifests.KernelKey) (Result, error) {
	start := k.cfg.Now()
	result := Result{Kernel: key}
	prefix := key.String()
	if k.cfg.Incremental {
		if old, ok := k.reusable(key); ok {
			result.Reused, result.Packages = true, old.Packages
			result.Elapsed = k.cfg.Now().Sub(start)
			return result, nil
		}
	}
	mark, err := condaenv.Fingerprint(k.root, prefix, manifests.KernelInfoName, k.salt()) // before the listing
	if err != nil {
		return result, err
	}
	m, warnings, err := k.manifest(ctx, key)
	if err != nil {
		return result, err
	}
	m.Fingerprint = mark
	if err := k.write(prefix, m); err != nil {
		return result, err
	}
	result.Packages, result.Warnings = len(m.Packages), warnings
	result.Elapsed = k.cfg.Now().Sub(start)
	return result, nil
}

// reusable returns the head of the kernel's manifest if the files it was made of still have its fingerprint.
func (k *kernelIndexer) reusable(key manifests.KernelKey) (manifests.ManifestHead, bool) {
	m, err := manifests.ReadManifestHead(k.root, manifests.ManifestPath(key))
	ok := err == nil && m.Key == key &&
		condaenv.FingerprintHolds(k.root, key.String(), manifests.KernelInfoName, k.salt(), m.Fingerprint)
	return m, ok
}

// salt tells what a manifest depends on beside the kernel's files.
func (k *kernelIndexer) salt() string { return fingerprintSalt + k.cfg.Source.Name() }

// manifest lists the kernel's packages.
func (k *kernelIndexer) manifest(ctx context.Context, key manifests.KernelKey) (manifests.Manifest, []string, error) {
	prefix := key.String()
	listing, err := k.lister.List(ctx, prefix)
	if err != nil {
		return manifests.Manifest{}, nil, err
	}
	language := condaenv.LanguageOf(key.Language)
	var library condaenv.Listing
	if language == condaenv.R {
		if library, err = condaenv.Library(ctx, k.root, prefix); err != nil {
			return manifests.Manifest{}, nil, err
		}
	}
	kernelDir, err := fs.Sub(k.root, prefix)
	if err != nil {
		return manifests.Manifest{}, nil, err
	}
	info, err := manifests.ReadKernelInfo(kernelDir)
	if err != nil {
		return manifests.Manifest{}, nil, err
	}
	m := newManifest(key, language, listing.Packages, library.Packages)
	m.IndexedDate = manifests.FormatTime(k.cfg.Now())
	m.KernelInfo = info
	return m, append(listing.Warnings, library.Warnings...), nil
}

// newManifest puts the packages of a kernel into its document. What `conda list` shows has source python in a Python
// kernel and conda in any other; the entries of an R library have source r, whatever conda record has the same name.
func newManifest(key manifests.KernelKey, language condaenv.Language, conda, library []condaenv.Package) manifests.Manifest {
	m := manifests.Manifest{
		KernelName: key.Name, KernelVersion: key.Version, Language: key.Language,
		LanguageVersion: language.Version(conda, library),
		Packages:        make([]manifests.Package, 0, len(conda)+len(library)),
	}
	source := manifests.SourceConda
	if language == condaenv.Python {
		source = manifests.SourcePython
	}
	for _, p := range conda {
		m.Packages = append(m.Packages, manifests.Package{
			Name: p.Name, Version: p.Version, Source: source, Build: p.Build, Channel: p.Channel,
		})
	}
	for _, p := range library {
		m.Packages = append(m.Packages, manifests.Package{Name: p.Name, Version: p.Version, Source: manifests.SourceR})
	}
	manifests.SortPackages(m.Packages)
	return m
}

// write publishes the manifest in the kernel's directory, and removes what killed runs left there.
func (k *kernelIndexer) write(prefix string, m manifests.Manifest) (err error) {
	dir, err := k.dir.Sub(prefix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if _, err := dir.RemoveLeftovers(); err != nil {
		return err
	}
	return dir.WriteManifest(m)
}

// isGone reports whether the kernel is no longer there: not broken, but removed while the run went on.
func (k *kernelIndexer) isGone(key manifests.KernelKey) bool {
	_, err := fs.Stat(k.root, key.String()+"/conda-meta")
	return errors.Is(err, fs.ErrNotExist)
}
