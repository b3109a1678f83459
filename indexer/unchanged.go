package indexer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"

	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

// collateChanges publishes the pair, unless this run reused every manifest and the last one published the pair that is
// there from these very manifests: then the pair stays, with its date, and only the status is new.
func (x *Indexer) collateChanges(ctx context.Context, kernels []manifests.KernelKey) error {
	if !x.cfg.Incremental {
		return x.collate(ctx, kernels, pairNames)
	}
	if x.status.Indexed == 0 && x.published(kernels) {
		x.status.Phase = manifests.PhaseCollate
		return x.updateCatalog(kernels)
	}
	if err := x.collate(ctx, kernels, pairNames); err != nil {
		return err
	}
	x.status.Inputs = x.inputs(kernels)
	return nil
}

// published reports whether the pair in place was made of these manifests, and takes over what the status says of it.
func (x *Indexer) published(kernels []manifests.KernelKey) bool {
	last, err := manifests.ReadStatus(x.out.FS())
	if err != nil || last.Inputs == "" || last.Inputs != x.inputs(kernels) {
		return false
	}
	x.status.Inputs, x.status.Generation = last.Inputs, last.Generation
	x.status.Kernels, x.status.Packages = last.Kernels, last.Packages
	return true
}

// inputs digests what a stat shows of the manifests and of the published pair. It is empty where that cannot be told.
func (x *Indexer) inputs(kernels []manifests.KernelKey) string {
	sum := sha256.New()
	var buf []byte
	for _, key := range kernels {
		stamp, err := x.root.Stamp(manifests.ManifestPath(key))
		if err != nil {
			return ""
		}
		buf = append(append(buf[:0], key.String()...), 0)
		sum.Write(stamp.Append(buf))
	}
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		info, err := fs.Stat(x.out.FS(), name)
		if err != nil {
			return ""
		}
		sum.Write(rootfs.StampOf(info).Append(buf[:0]))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
