package image

import (
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Annotations that index.json carries (OCI image specification, and containerd for the full name).
const (
	refNameAnnotation  = "org.opencontainers.image.ref.name"
	fullNameAnnotation = "io.containerd.image.name"
	referenceType      = "vnd.docker.reference.type" // of attestations, which are no images
)

const (
	maxIndexDepth = 4    // indexes in indexes
	maxCandidates = 1000 // manifests in all of them
)

// openLayout opens an archive that has an OCI layout.
func openLayout(archive *outer, options Options) (*Image, error) {
	var index v1.IndexManifest
	if err := archive.decode("index.json", &index); err != nil {
		return nil, err
	}
	name, err := layoutName(archive, index)
	if err != nil {
		return nil, err
	}
	search := &search{archive: archive, want: options.Platform, seen: map[v1.Hash]bool{}}
	if err := search.index(index, 0); err != nil {
		return nil, err
	}
	found, err := search.choose()
	if err != nil {
		return nil, err
	}
	return inspect(found, name, options)
}

// layoutName finds the name: in the annotations of index.json, where the full name comes before the reference name,
// which may be only a tag; else in manifest.json, which docker writes beside it.
func layoutName(archive *outer, index v1.IndexManifest) (Name, error) {
	var texts []string
	for _, d := range index.Manifests {
		if isAttestation(d) {
			continue
		}
		text := d.Annotations[fullNameAnnotation]
		if text == "" {
			text = d.Annotations[refNameAnnotation]
		}
		texts = append(texts, text)
	}
	name, err := theName(texts)
	if _, ok := archive.find("manifest.json"); !ok || err == nil {
		return name, err
	}
	var entries []dockerEntry
	if err := archive.decode("manifest.json", &entries); err != nil {
		return Name{}, err
	}
	if len(texts) > 1 { // several images, or one of several names
		return Name{}, err
	}
	for _, e := range entries {
		texts = append(texts, e.RepoTags...)
	}
	return theName(texts)
}

// search walks the indexes of a layout for images of one platform.
type search struct {
	archive  *outer
	want     v1.Platform
	seen     map[v1.Hash]bool
	found    []v1.Image
	has      []string // the platforms of what does not fit
	manifest int
}

func isAttestation(d v1.Descriptor) bool {
	return d.Annotations[referenceType] == "attestation-manifest" ||
		d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

func (s *search) index(index v1.IndexManifest, depth int) error {
	if depth > maxIndexDepth {
		return refuse(NotAnImage, "indexes are nested too deeply")
	}
	for _, d := range index.Manifests {
		if isAttestation(d) || s.seen[d.Digest] {
			continue
		}
		s.seen[d.Digest] = true
		if s.manifest++; s.manifest > maxCandidates {
			return refuse(TooLarge, "the archive has more than %d manifests", maxCandidates)
		}
		var err error
		switch {
		case d.MediaType.IsIndex():
			err = s.nested(d, depth)
		case d.MediaType.IsImage():
			err = s.image(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *search) nested(d v1.Descriptor, depth int) error {
	data, ok, err := s.archive.blob(d.Digest)
	if err != nil || !ok {
		return err
	}
	var index v1.IndexManifest
	if err := decodeJSON(data, d.Digest.String(), &index); err != nil {
		return err
	}
	return s.index(index, depth+1)
}

// image takes an image into account, if it is in the archive: `docker save` leaves out what it has not got.
func (s *search) image(d v1.Descriptor) error {
	if d.Platform != nil && !fits(*d.Platform, s.want) {
		s.has = append(s.has, describe(*d.Platform))
		return nil
	}
	data, ok, err := s.archive.blob(d.Digest)
	if err != nil || !ok {
		return err
	}
	found, platform, err := layoutImage(s.archive, d, data)
	if err != nil {
		return err
	}
	if !fits(platform, s.want) {
		s.has = append(s.has, describe(platform))
		return nil
	}
	s.found = append(s.found, found)
	return nil
}

func (s *search) choose() (v1.Image, error) {
	switch {
	case len(s.found) == 1:
		return s.found[0], nil
	case len(s.found) > 1:
		names := make([]string, 0, len(s.found))
		for _, f := range s.found {
			digest, err := f.Digest()
			if err != nil {
				return nil, err
			}
			names = append(names, digest.String())
		}
		return nil, severalImages("the archive has several images for "+describe(s.want), names)
	case len(s.has) > 0:
		slices.Sort(s.has)
		return nil, &Error{
			Code: WrongPlatform, Detail: "the archive has no image for " + describe(s.want) + ", only for",
			Names: slices.Compact(s.has),
		}
	}
	return nil, refuse(NotAnImage, "the archive has no image")
}

// layoutImage makes an image of a manifest in the archive. Its layers must be there.
func layoutImage(archive *outer, d v1.Descriptor, data []byte) (v1.Image, v1.Platform, error) {
	var manifest v1.Manifest
	if err := decodeJSON(data, d.Digest.String(), &manifest); err != nil {
		return nil, v1.Platform{}, err
	}
	if err := checkManifest(&manifest, archive.limits); err != nil {
		return nil, v1.Platform{}, err
	}
	config, ok, err := archive.blob(manifest.Config.Digest)
	if err == nil && !ok {
		err = refuse(NotAnImage, "the archive has no configuration %s", manifest.Config.Digest)
	}
	if err != nil {
		return nil, v1.Platform{}, err
	}
	file, err := parseConfig(config)
	if err != nil {
		return nil, v1.Platform{}, err
	}
	blobs := &blobs{archive: archive, manifest: data, config: config, extents: map[v1.Hash]extent{}}
	for _, layer := range manifest.Layers {
		at, ok := archive.find(blobName(layer.Digest))
		if !ok {
			return nil, v1.Platform{}, refuse(NotAnImage, "the archive has no layer %s", layer.Digest)
		}
		if at.size != layer.Size {
			return nil, v1.Platform{}, refuse(NotAnImage, "layer %s has %d bytes, the manifest says %d", layer.Digest,
				at.size, layer.Size)
		}
		blobs.extents[layer.Digest] = at
	}
	image, err := blobs.image()
	platform := v1.Platform{OS: file.OS, Architecture: file.Architecture, Variant: file.Variant, OSVersion: file.OSVersion}
	return image, platform, err
}
