package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// blobFolder is where an OCI layout has its content.
const blobFolder = "blobs/sha256"

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// blob reads a small document by its digest and checks that it is what the digest says. It is not there if ok is false.
func (o *outer) blob(h v1.Hash) (data []byte, ok bool, err error) {
	if h.Algorithm != "sha256" {
		return nil, false, refuse(NotAnImage, "the digest %s is not of sha256", short(h.String()))
	}
	if _, ok := o.find(blobName(h)); !ok {
		return nil, false, nil
	}
	if data, err = o.document(blobName(h)); err != nil {
		return nil, false, err
	}
	if got := digestOf(data); got != h {
		return nil, false, refuse(NotAnImage, "%s has the digest %s", blobName(h), got)
	}
	return data, true, nil
}

// blobs is an image whose content is in an archive. It is what partial.CompressedToImage needs.
type blobs struct {
	archive  *outer
	manifest []byte
	config   []byte
	extents  map[v1.Hash]extent // of the layers
}

func (b *blobs) image() (v1.Image, error) { return partial.CompressedToImage(b) }

// RawConfigFile returns the configuration.
func (b *blobs) RawConfigFile() ([]byte, error) { return b.config, nil }

// RawManifest returns the manifest.
func (b *blobs) RawManifest() ([]byte, error) { return b.manifest, nil }

// MediaType returns what the manifest says it is; a layout's manifest need not.
func (b *blobs) MediaType() (types.MediaType, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(b.manifest))
	if err != nil {
		return "", err
	}
	if manifest.MediaType == "" {
		return types.OCIManifestSchema1, nil
	}
	return manifest.MediaType, nil
}

// LayerByDigest returns a layer, or the configuration, which is pushed like one.
func (b *blobs) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(b.manifest))
	if err != nil {
		return nil, err
	}
	if h == manifest.Config.Digest {
		return partial.ConfigLayer(b)
	}
	for _, d := range manifest.Layers {
		if d.Digest == h {
			return &layer{descriptor: d, archive: b.archive, at: b.extents[h]}, nil
		}
	}
	return nil, refuse(NotAnImage, "no layer %s", h)
}

// layer is a layer in an archive.
type layer struct {
	descriptor v1.Descriptor
	archive    *outer
	at         extent
}

// Digest returns the digest that the manifest claims.
func (l *layer) Digest() (v1.Hash, error) { return l.descriptor.Digest, nil }

// Compressed returns the layer as it is stored, compressed or not.
func (l *layer) Compressed() (io.ReadCloser, error) { return io.NopCloser(l.archive.open(l.at)), nil }

// Size returns the bytes that are stored.
func (l *layer) Size() (int64, error) { return l.at.size, nil }

// MediaType returns what the manifest says.
func (l *layer) MediaType() (types.MediaType, error) { return l.descriptor.MediaType, nil }

func parseConfig(data []byte) (*v1.ConfigFile, error) {
	file, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		return nil, because(NotAnImage, err, "the configuration of the image is not as it should be")
	}
	return file, nil
}

func digestOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

func hashOf(sum hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
}
