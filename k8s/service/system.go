package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// systemImage is an entry of Config.System: an environment for all domains.
type systemImage struct {
	name      image.Name
	reference string
}

// systemImages reads Config.System.
func (c *Config) systemImages() ([]systemImage, error) {
	var list []systemImage
	for _, text := range c.System {
		full, reference, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("system environment %q: must be name:tag=reference", text)
		}
		parsed, err := image.ParseName(full)
		if err == nil {
			_, err = image.ParseReference(reference)
		}
		if err != nil {
			return nil, fmt.Errorf("system environment %q: %w", text, err)
		}
		if slices.ContainsFunc(list, func(s systemImage) bool { return s.name == parsed }) {
			return nil, fmt.Errorf("system environment %s is there twice", parsed)
		}
		list = append(list, systemImage{parsed, reference})
	}
	return list, nil
}

// registrar makes environments of images.
func (c *Config) registrar(environments *environment.Store) (*environment.Registrar, error) {
	platform, err := c.platform()
	if err != nil {
		return nil, err
	}
	registry, err := c.registry()
	if err != nil {
		return nil, err
	}
	return &environment.Registrar{
		Store: environments, Registry: registry, Remote: []remote.Option{credentials()}, Allowed: c.allowed, Insecure: c.insecure,
		MaxPerDomain: c.MaxEnvironments,
		Image:        image.Options{Platform: platform, Dir: c.Upload.Dir, Limits: c.Upload.Limits},
	}, nil
}

// insecure says that a registry is the backend's own, and spoken to without TLS.
func (c *Config) insecure(host string) bool {
	own, err := name.NewRepository(c.Registry+"/x", name.Insecure)
	return c.Insecure && err == nil && strings.EqualFold(own.RegistryStr(), host)
}

// systemPause is how long what could not be made a system environment is left alone.
const systemPause = 3 * time.Minute

// byConfiguration is who made system environments.
const byConfiguration = "configuration"

// systemEnvironments makes the system environments what the configuration says, and tries again what fails until ctx ends
// or nothing does. A tag that moves later is looked at when the service starts again. It is the leader's work: two
// replicas of different configurations, in the middle of an update, would undo each other's.
func (s *service) systemEnvironments(ctx context.Context, environments *environment.Store) {
	images, err := s.config.systemImages()
	var registrar *environment.Registrar
	if err == nil {
		registrar, err = s.config.registrar(environments)
	}
	if err != nil {
		s.config.Log.Error().Err(err).Msg("no system environments") // check has said so
		return
	}
	for !s.retireSystem(ctx, environments, images) || !s.registerSystem(ctx, registrar, images) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(systemPause):
		}
	}
}

// retireSystem makes tombstones of what is not configured any more. It reports whether it could.
func (s *service) retireSystem(ctx context.Context, environments *environment.Store, images []systemImage) bool {
	configured := func(full string) bool {
		return slices.ContainsFunc(images, func(one systemImage) bool { return one.name.String() == full })
	}
	damaged := func(err error) { s.config.Log.Error().Err(err).Msg("environment passed over") }
	retired, err := environments.RetireSystem(ctx, configured, byConfiguration, damaged)
	for _, full := range retired {
		s.config.Log.Info().Str("environment", full).Msg("system environment retired: it is not configured any more")
	}
	if err != nil && ctx.Err() == nil {
		s.config.Log.Warn().Err(err).Msg("system environments will be looked at again")
	}
	return err == nil
}

// registerSystem registers all that is configured, one after the other. It reports whether all of it is there.
func (s *service) registerSystem(ctx context.Context, registrar *environment.Registrar, images []systemImage) bool {
	all := true
	for _, one := range images {
		made, result, err := registrar.System(ctx, one.name, one.reference, byConfiguration)
		switch {
		case ctx.Err() != nil:
			return false
		case err != nil:
			all = false
			s.config.Log.Warn().Err(err).Stringer("environment", one.name).Str("image", one.reference).
				Msg("not a system environment yet; will be tried again")
		default:
			s.config.Log.Info().Str("environment", made.FullName).Str("id", made.ID).Str("image", made.Image).
				Str("result", string(result)).Msg("system environment")
		}
	}
	return all
}
