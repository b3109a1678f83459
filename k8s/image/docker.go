package image

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// dockerEntry is one image of manifest.json, as `docker save` writes it.
type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// openDocker opens an archive that has only a manifest.json.
func openDocker(archive *outer, options Options) (*Image, error) {
	var entries []dockerEntry
	if err := archive.decode("manifest.json", &entries); err != nil {
		return nil, err
	}
	switch len(entries) {
	case 0:
		return nil, refuse(NotAnImage, "the archive has no image")
	case 1:
	default:
		var names []string
		for _, e := range entries {
			names = append(names, e.RepoTags...)
		}
		return nil, severalImages("the archive has several images; save one of them", names)
	}
	name, err := theName(entries[0].RepoTags)
	if err != nil {
		return nil, err
	}
	found, err := dockerImage(archive, entries[0])
	if err != nil {
		return nil, err
	}
	return inspect(found, name, options)
}

// dockerImage makes the manifest that the archive lacks: the same for the same configuration and layers.
func dockerImage(archive *outer, entry dockerEntry) (v1.Image, error) {
	config, err := archive.document(entry.Config)
	if err != nil {
		return nil, err
	}
	if len(entry.Layers) > archive.limits.Layers {
		return nil, refuse(TooLarge, "the image has more than %d layers", archive.limits.Layers)
	}
	file, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	if len(file.RootFS.DiffIDs) != len(entry.Layers) {
		return nil, refuse(NotAnImage, "manifest.json has %d layers, the configuration %d", len(entry.Layers),
			len(file.RootFS.DiffIDs))
	}
	blobs := &blobs{archive: archive, config: config, extents: map[v1.Hash]extent{}}
	manifest := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Size: int64(len(config)), Digest: digestOf(config)},
		Layers: make([]v1.Descriptor, 0, len(entry.Layers)),
	}
	for i, name := range entry.Layers {
		layer, at, err := dockerLayer(archive, name, file.RootFS.DiffIDs[i])
		if err != nil {
			return nil, err
		}
		blobs.extents[layer.Digest] = at
		manifest.Layers = append(manifest.Layers, layer)
	}
	if blobs.manifest, err = json.Marshal(manifest); err != nil {
		return nil, err
	}
	return blobs.image()
}

// dockerLayer describes a layer file. A plain one has the digest that the configuration claims, which [Scan] checks; the
// digest of a compressed one, which few tools write, is taken from its name or else found out.
func dockerLayer(archive *outer, name string, diffID v1.Hash) (v1.Descriptor, extent, error) {
	at, ok := archive.find(name)
	if !ok {
		return v1.Descriptor{}, at, refuse(NotAnImage, "the archive has no layer %s", short(name))
	}
	packed, err := compressionOf(archive.open(at))
	if err != nil {
		return v1.Descriptor{}, at, err
	}
	layer := v1.Descriptor{Size: at.size, Digest: diffID}
	switch packed {
	case plain:
		layer.MediaType = types.OCIUncompressedLayer
		return layer, at, nil
	case gzipped:
		layer.MediaType = types.OCILayer
	case zstandard:
		layer.MediaType = types.OCILayerZStd
	}
	if path.Dir(path.Clean(name)) == blobFolder {
		layer.Digest = v1.Hash{Algorithm: "sha256", Hex: path.Base(name)}
		return layer, at, nil
	}
	sum := sha256.New()
	budget := archive.limits.Archive
	read := &meter{ctx: archive.ctx, r: archive.open(at), budget: &budget, err: tooLong(archive.limits)}
	if _, err := io.Copy(sum, read); err != nil {
		return layer, at, err
	}
	layer.Digest = hashOf(sum)
	return layer, at, nil
}

func compressionOf(r io.Reader) (compression, error) {
	unpack, packed, err := decompress(r)
	if err != nil {
		return plain, because(NotAnImage, err, "a layer cannot be decompressed")
	}
	return packed, unpack.Close()
}
