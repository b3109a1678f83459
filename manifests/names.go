package manifests

import (
	"slices"
	"strings"
)

// File names of the documents. Nobody else spells them.
const (
	// PackageManifestName is the manifest in each kernel directory.
	PackageManifestName = "package_manifest.json"
	// CollatedName is the document of all kernels in the output directory.
	CollatedName = "collated_manifests.json"
	// PackageIndexName is the package -> kernels document beside it.
	PackageIndexName = "package_index.json"
	// ChangesName is the document of what recent runs changed beside them.
	ChangesName = "index_changes.json"
	// StatusName is the report of the last run beside them.
	StatusName = "index_status.json"
	// CatalogName is the optional catalog of kernel locations in the kernel root.
	CatalogName = "icrn_kernel_catalog.json"
	// LockName is the lock file in the kernel root.
	LockName = ".indexing.lock"
	// KernelInfoName is the optional description beside a kernel's conda-meta.
	KernelInfoName = "kernel.yaml"
)

// Limits of what is read. They are far above anything real and keep a damaged
// or hostile file from taking the reader's memory. All are bytes.
const (
	// MaxManifestBytes bounds one manifest, alone or inside a collated file;
	// a package takes about 120 bytes.
	MaxManifestBytes = 16 << 20
	// MaxIndexRowBytes bounds one package of an index; a kernel takes about 130 bytes.
	MaxIndexRowBytes = 256 << 20
	// MaxCatalogBytes bounds the catalog.
	MaxCatalogBytes = 64 << 20
	// MaxChangesBytes bounds the document of changes. Writers drop the oldest runs to stay below it.
	MaxChangesBytes = 8 << 20
	// MaxStatusBytes bounds the status.
	MaxStatusBytes = 1 << 20
	// MaxKernelInfoBytes bounds kernel.yaml.
	MaxKernelInfoBytes = 64 << 10
	maxLockBytes       = 4 << 10
)

// MaxKernels is the largest number of kernels in one collated file: what fits
// into the fixed width of its total_kernels.
const MaxKernels = 9_999_999

// ManifestPath returns where a kernel's manifest is, relative to the kernel
// root and with slashes: <language>/<name>/<version>/package_manifest.json.
func ManifestPath(k KernelKey) string {
	return k.String() + "/" + PackageManifestName
}

// documents are the names that temporary files are derived from.
var documents = []string{PackageManifestName, CollatedName, PackageIndexName, ChangesName, StatusName, CatalogName, RoundName}

// isLeftover reports whether name is one that renameio makes for a document or
// for one of more: "." + document + a random number.
func isLeftover(name string, more []string) bool {
	for _, doc := range slices.Concat(documents, more) {
		number, ok := strings.CutPrefix(name, "."+doc)
		if ok && number != "" && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	return false
}
