package image

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Options say which image of several is meant, and what looking at it may cost.
type Options struct {
	// Platform is what the nodes are; linux/amd64 if it is empty. Variant and OSVersion count only where both sides
	// have one.
	Platform v1.Platform
	// Dir is where kept files lie while they are needed, in a nameless file; "" for the system's temporary directory.
	Dir    string
	Limits Limits
}

func (o Options) withDefaults() Options {
	if o.Platform.OS == "" {
		o.Platform.OS = "linux"
	}
	if o.Platform.Architecture == "" {
		o.Platform.Architecture = "amd64"
	}
	o.Limits = o.Limits.withDefaults()
	return o
}

// Config is what the configuration of an image says of running it.
type Config struct {
	User       string   `json:"user,omitempty"`
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	Env        []string `json:"env,omitempty"`
	WorkingDir string   `json:"workingDir,omitempty"`
}

// Image is one image, found but not looked into: its layers may be anything until [Scan] has read them. It may be
// pushed as it is, as long as its archive is open.
type Image struct {
	// Source is the image for the library that pushes it.
	Source v1.Image
	// Name is the <name>:<tag> in the archive, or of the reference.
	Name Name
	// Repository is where a remote image lies: registry and path. It is empty for one from an archive.
	Repository string
	// ID is the digest of the configuration: equal for equal images, however they were saved.
	ID v1.Hash
	// Digest is that of the manifest, by which the image is pulled. Of an archive without a manifest it is that of the
	// manifest made for it, which is always the same.
	Digest   v1.Hash
	Platform v1.Platform
	Config   Config
	Size     int64 // bytes of all layers as they are stored

	options Options
}

// Open finds the one image in an archive of size bytes, which must not change and must be open as long as the image is
// in use. Only headers and small documents are read. The error is a *[Error], the context's, or that of reading file.
func Open(ctx context.Context, file io.ReaderAt, size int64, options Options) (*Image, error) {
	options = options.withDefaults()
	if size > options.Limits.Archive {
		return nil, tooLong(options.Limits)
	}
	archive, err := readOuter(ctx, file, size, options.Limits)
	if err != nil {
		return nil, err
	}
	_, layout := archive.find("oci-layout")
	_, index := archive.find("index.json")
	_, manifest := archive.find("manifest.json")
	switch {
	case layout && index:
		return openLayout(archive, options)
	case manifest:
		return openDocker(archive, options)
	}
	return nil, refuse(NotAnImage, "the archive is none of `docker save`: it has neither manifest.json nor index.json")
}

// inspect makes an Image of what a source found, after checking what can be checked without reading layers.
func inspect(found v1.Image, name Name, options Options) (*Image, error) {
	manifest, err := found.Manifest()
	if err != nil {
		return nil, err
	}
	if err := checkManifest(manifest, options.Limits); err != nil {
		return nil, err
	}
	config, err := found.ConfigFile()
	if err != nil {
		return nil, because(NotAnImage, err, "the configuration of the image cannot be read")
	}
	platform := v1.Platform{
		OS: config.OS, Architecture: config.Architecture, Variant: config.Variant,
		OSVersion: config.OSVersion,
	}
	if !fits(platform, options.Platform) {
		return nil, refuse(WrongPlatform, "the image is for %s, this cluster runs %s", describe(platform),
			describe(options.Platform))
	}
	if len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return nil, refuse(NotAnImage, "the manifest has %d layers, the configuration %d", len(manifest.Layers),
			len(config.RootFS.DiffIDs))
	}
	digest, err := found.Digest()
	if err != nil {
		return nil, err
	}
	image := &Image{
		Source: found, Name: name, ID: manifest.Config.Digest, Digest: digest, Platform: platform, options: options,
		Config: Config{
			User: config.Config.User, Entrypoint: config.Config.Entrypoint, Cmd: config.Config.Cmd,
			Env: config.Config.Env, WorkingDir: config.Config.WorkingDir,
		},
	}
	for _, layer := range manifest.Layers {
		image.Size += layer.Size
	}
	return image, nil
}

// checkManifest refuses manifests that are too long, or that would have somebody fetch content from elsewhere: a
// layer's urls are followed by those who pull it, from inside their network.
func checkManifest(manifest *v1.Manifest, limits Limits) error {
	if len(manifest.Layers) > limits.Layers {
		return refuse(TooLarge, "the image has more than %d layers", limits.Layers)
	}
	left := limits.Archive
	for _, d := range append([]v1.Descriptor{manifest.Config}, manifest.Layers...) {
		switch {
		case d.Digest.Algorithm != "sha256":
			return refuse(NotAnImage, "the digest %s is not of sha256", short(d.Digest.String()))
		case d.Size < 0:
			return refuse(NotAnImage, "%s has a negative size", d.Digest)
		case d.Size > left:
			return tooLong(limits)
		case len(d.URLs) > 0 || d.MediaType == types.DockerForeignLayer || !d.MediaType.IsDistributable():
			return refuse(Unsafe, "the content of layer %s is to be fetched from elsewhere", d.Digest)
		}
		left -= d.Size
	}
	return nil
}

// fits reports whether an image for one platform runs on another.
func fits(have, want v1.Platform) bool {
	agree := func(a, b string) bool { return a == "" || b == "" || a == b }
	return have.OS == want.OS && have.Architecture == want.Architecture && agree(have.Variant, want.Variant) &&
		agree(have.OSVersion, want.OSVersion)
}

// describe writes a platform as docker does.
func describe(p v1.Platform) string {
	if p.OS == "" && p.Architecture == "" {
		return "no platform"
	}
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return short(text)
}
