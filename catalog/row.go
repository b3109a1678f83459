package catalog

import (
	"slices"

	"kernelindexer/manifests"
)

// release is a version of a package from one source and channel. Kernels share
// releases, and of a release, builds.
type release struct {
	name, version, channel textID
	source                 uint8 // index in sources
}

// holding is one package in one kernel. Which kernel, its place in
// Catalog.held says.
type holding struct {
	release uint32 // index in Catalog.releases
	build   textID
}

// sources gives each source its number.
var sources = [...]manifests.Source{manifests.SourceConda, manifests.SourcePython, manifests.SourceR}

// sourceNumber returns the number of a source that manifests let through.
func sourceNumber(s manifests.Source) uint8 { return uint8(slices.Index(sources[:], s)) }

// Row is one package in one kernel.
type Row struct {
	c      *Catalog
	kernel uint32
	at     uint32 // in Catalog.held
}

func (r Row) release() *release { return &r.c.releases[r.c.held[r.at].release] }

// Name returns the name of the package. It may be empty: `conda list` shows a
// Python distribution without a name so.
func (r Row) Name() string { return r.c.text.at(r.release().name) }

// Version returns the version of the package; R keeps packages without one.
func (r Row) Version() string { return r.c.text.at(r.release().version) }

// Source returns how the package got into the kernel's list.
func (r Row) Source() manifests.Source { return sources[r.release().source] }

// Build returns the build of a conda package, else "".
func (r Row) Build() string { return r.c.text.at(r.c.held[r.at].build) }

// Channel returns the channel of a conda package, else "".
func (r Row) Channel() string { return r.c.text.at(r.release().channel) }

// Key returns the name of the kernel.
func (r Row) Key() manifests.KernelKey { return r.c.key(r.kernel) }

// Kernel returns the kernel. There is none where a package index of the
// original names a kernel that its collated file does not have.
func (r Row) Kernel() (Kernel, bool) {
	if int(r.kernel) >= r.c.kernelCount {
		return Kernel{}, false
	}
	return Kernel{r.c, r.kernel}, true
}

// Same reports whether both rows, of one catalog, say the same of their
// packages: name, version, source, build and channel.
func (r Row) Same(o Row) bool { return r.c.held[r.at] == o.c.held[o.at] }

// Package returns the row as it stands in the kernel's manifest.
func (r Row) Package() manifests.Package {
	return manifests.Package{
		Name: r.Name(), Version: r.Version(), Source: r.Source(), Build: r.Build(), Channel: r.Channel(),
	}
}

// Ref returns the row as it stands in the package index.
func (r Row) Ref() manifests.KernelRef {
	k := r.Key()
	return manifests.KernelRef{
		KernelName: k.Name, KernelVersion: k.Version, KernelLanguage: k.Language,
		PackageVersion: r.Version(), Source: r.Source(),
	}
}
