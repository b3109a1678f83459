package image

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Remote finds the image of a reference in its registry, on the terms of [Open]. A reference without a registry means
// docker.io. insecure says of a registry, host[:port], whether it may be spoken to without TLS; nil says it of none, but
// those on this machine may always. The options say how registries are reached and with which credentials.
func Remote(
	ctx context.Context, reference string, insecure func(registry string) bool, options Options, how ...remote.Option,
) (*Image, error) {
	options = options.withDefaults()
	ref, err := ParseReference(reference)
	if err != nil {
		return nil, err
	}
	if insecure != nil && insecure(ref.Context().RegistryStr()) {
		if ref, err = name.ParseReference(reference, name.Insecure); err != nil {
			return nil, because(BadReference, err, "%q is no image reference", short(reference))
		}
	}
	how = append(how[:len(how):len(how)], remote.WithContext(ctx), remote.WithPlatform(options.Platform))
	descriptor, err := remote.Get(ref, how...)
	if err != nil {
		return nil, registryError(ctx, err, reference)
	}
	if descriptor.Size > options.Limits.Document {
		return nil, refuse(TooLarge, "the manifest has more than %d bytes", options.Limits.Document)
	}
	found, err := descriptor.Image()
	if err != nil {
		var answer *transport.Error
		if descriptor.MediaType.IsIndex() && !errors.As(err, &answer) && ctx.Err() == nil {
			return nil, because(WrongPlatform, err, "%s is not for %s", short(reference), describe(options.Platform))
		}
		return nil, registryError(ctx, err, reference)
	}
	manifest, err := found.Manifest()
	if err != nil {
		return nil, registryError(ctx, err, reference)
	}
	if manifest.Config.Size > options.Limits.Document {
		return nil, refuse(TooLarge, "the configuration has more than %d bytes", options.Limits.Document)
	}
	image, err := inspect(found, nameOf(ref), options)
	if err != nil {
		return nil, err
	}
	image.Repository = ref.Context().Name()
	return image, nil
}

// nameOf is the name of a reference; the tag of one by digest is empty.
func nameOf(ref name.Reference) Name {
	if tag, ok := ref.(name.Tag); ok {
		if parsed, err := ParseName(tag.Name()); err == nil {
			return parsed
		}
	}
	return Name{Repository: ref.Context().Name()}
}

// registryError says whose fault it is that the registry did not hand the image out.
func registryError(ctx context.Context, err error, reference string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
			return because(NotFound, err, "the registry has no %s for us", short(reference))
		}
	}
	var refused *Error
	if errors.As(err, &refused) {
		return err
	}
	return because(Unreachable, err, "get %s", short(reference))
}
