package environment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"

	"kernelindexer/k8s/image"
)

// Registry is where uploaded images are kept: one repository for each environment, below a common prefix.
type Registry struct {
	prefix  string
	parse   []name.Option
	options []remote.Option
}

// NewRegistry returns the registry of a prefix such as "registry.example.org:5000/environments". It is spoken to over TLS
// unless insecure is set (or it is on this machine). options say how it is reached and with which credentials.
func NewRegistry(prefix string, insecure bool, options ...remote.Option) (*Registry, error) {
	r := &Registry{prefix: prefix, options: options}
	if insecure {
		r.parse = append(r.parse, name.Insecure)
	}
	if _, err := r.repository("env-x"); err != nil {
		return nil, fmt.Errorf("registry %q: %w", prefix, err)
	}
	return r, nil
}

func (r *Registry) repository(id string) (name.Repository, error) {
	return name.NewRepository(r.prefix+"/"+id, r.parse...)
}

// keeps reports whether a repository is that of an environment. Hosts are compared without regard to case.
func (r *Registry) keeps(repository name.Repository) bool {
	own, err := r.repository(idPrefix)
	return err == nil && strings.HasPrefix(strings.ToLower(repository.Name()), strings.ToLower(own.Name()))
}

// concurrentLayers is how many layers are pushed at once.
const concurrentLayers = 2

// PushLayers uploads what the image is made of, as it is stored, except what the registry has already; of that, parts of
// the archive may have been sent. Nothing refers to it yet. The registry checks every digest, so the layers need not have
// been scanned before.
func (r *Registry) PushLayers(ctx context.Context, id string, found *image.Image, before *sent) error {
	repository, err := r.repository(id)
	if err != nil {
		return err
	}
	layers, err := found.Source.Layers()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrentLayers)
	pusher, err := remote.NewPusher(r.with(ctx)...)
	if err != nil {
		return err
	}
	done := map[v1.Hash]bool{}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		if done[digest] {
			continue
		}
		done[digest] = true
		group.Go(func() error {
			if err := before.push(ctx, pusher, repository, layer); err != nil {
				return pushError(ctx, err, "layer "+digest.String())
			}
			return nil
		})
	}
	return group.Wait()
}

// PushManifest makes the image pullable by its digest, and returns the reference. The layers must have been pushed. A
// tag of the same name as the digest keeps registries that throw away what is not tagged from doing so.
//
// A registry may miss, for a moment, what another upload of the same image is just putting there once more (Debian's does
// while it rewrites a link): what it misses is offered again.
func (r *Registry) PushManifest(ctx context.Context, id string, found *image.Image) (string, error) {
	repository, err := r.repository(id)
	if err != nil {
		return "", err
	}
	for pause := firstPause; ; pause *= 2 {
		err := r.pushManifest(ctx, repository, found)
		if err == nil {
			return repository.Digest(found.Digest.String()).String(), nil
		}
		if pause > lastPause || !missesBlobs(err) {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
		}
	}
}

// The pauses before a manifest is pushed again, together 3 s.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 1600 * time.Millisecond
)

func (r *Registry) pushManifest(ctx context.Context, repository name.Repository, found *image.Image) error {
	pusher, err := remote.NewPusher(r.with(ctx)...)
	if err != nil {
		return err
	}
	config, err := partial.ConfigLayer(found.Source)
	if err != nil {
		return err
	}
	if err := pusher.Upload(ctx, repository, config); err != nil {
		return pushError(ctx, err, "configuration")
	}
	if err := pusher.Push(ctx, repository.Tag("sha256-"+found.Digest.Hex), found.Source); err != nil {
		return pushError(ctx, err, "manifest")
	}
	return nil
}

func (r *Registry) with(ctx context.Context) []remote.Option {
	return append(r.options[:len(r.options):len(r.options)], remote.WithContext(ctx))
}

// pushError says whose fault it is that something could not be pushed: a registry that finds another digest than the
// image claims has caught the image, unless it says at the same time that it misses something.
func pushError(ctx context.Context, err error, what string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	code := image.Unreachable
	if says(err, transport.DigestInvalidErrorCode) && !missesBlobs(err) {
		code = image.NotAnImage
	}
	return &image.Error{Code: code, Detail: "push " + what, Err: err}
}

// missesBlobs is the answer to a manifest whose parts are not there.
func missesBlobs(err error) bool { return says(err, transport.ManifestBlobUnknownErrorCode) }

// says reports whether a registry refused something with a code.
func says(err error, code transport.ErrorCode) bool {
	var answer *transport.Error
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusBadRequest {
		return false
	}
	for _, d := range answer.Errors {
		if d.Code == code {
			return true
		}
	}
	return false
}
