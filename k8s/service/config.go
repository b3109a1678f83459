package service

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rs/zerolog"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"kernelindexer/k8s/api"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/kernels"
	"kernelindexer/k8s/process"
	"kernelindexer/serve"
)

// Config says what the service is to be. There are no defaults but where it says so.
type Config struct {
	Version string
	Log     zerolog.Logger

	// Listen is where and how requests are served. What is the service's own affair in it, such as metrics and probes, is
	// filled in.
	Listen serve.Config

	// Kubeconfig is a file; "" is the account of the pod, or what kubectl would take.
	Kubeconfig string
	QPS        float32
	Burst      int
	// Namespace is the backend's own, where environments and the Lease are.
	Namespace string
	// Domains are the namespaces in which work runs. One that cannot be watched is waited for for Patience, 0 is 20 s.
	Domains  []string
	Patience time.Duration
	// Audience is what tokens must have been made for; "" takes those for the API server.
	Audience string

	// Archive is a URL: file:///path, or another that package archive knows.
	Archive                    string
	LogRetention, RunRetention time.Duration // 0 is for ever
	// JobTTL is how long the Job of an archived run stays; 0 is that of [process.DefaultLimits].
	JobTTL time.Duration

	// Registry is where uploaded images are kept: host[:port]/prefix. Insecure speaks to it without TLS.
	Registry string
	Insecure bool
	// Index is the URL of kernel-web, for environments that are kernels; "" allows none.
	Index string
	// MaxEnvironments is how many environments users may make in one domain; 0 is any number.
	MaxEnvironments int
	// System are the environments for all domains, each as name:tag=reference.
	System []string
	// References are the prefixes of images that may be registered by reference.
	References []string
	// Platform is that of the nodes, such as linux/amd64.
	Platform string
	// MaxImage bounds an uploaded archive, a quantity of bytes; "" is the default of package image.
	MaxImage string

	Upload  api.Upload
	Launch  api.Launch
	Streams int

	// Lead says that several replicas run: a Lease chooses the one whose loop works. Identity is this one's name.
	Lead     bool
	Lease    string
	Identity string
}

// ConfigError is an error of the configuration, before anything was begun.
type ConfigError struct{ error }

// Unwrap returns the error itself.
func (e *ConfigError) Unwrap() error { return e.error }

// check finds what would fail later, or for some users only.
func (c *Config) check() error {
	var errs []error
	if len(c.Domains) == 0 {
		errs = append(errs, errors.New("no domains: there is nowhere to run anything"))
	}
	for _, name := range append([]string{c.Namespace}, c.Domains...) {
		if wrong := validation.IsDNS1123Label(name); len(wrong) > 0 {
			errs = append(errs, fmt.Errorf("namespace %q: %s", name, strings.Join(wrong, ", ")))
		}
	}
	if c.Registry == "" {
		errs = append(errs, errors.New("no registry: there is nowhere to keep images"))
	}
	if c.Lead && c.Identity == "" {
		errs = append(errs, errors.New("no identity to lead by"))
	}
	if _, err := c.registry(); c.Registry != "" && err != nil {
		errs = append(errs, err)
	}
	if c.JobTTL < 0 || c.JobTTL >= process.UnarchivedTTL {
		errs = append(errs, fmt.Errorf("jobs of archived runs stay for %v: must be less than %v", c.JobTTL, process.UnarchivedTTL))
	}
	if err := c.Launch.Check(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.kernels(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.platform(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.systemImages(); err != nil {
		errs = append(errs, err)
	}
	if c.MaxImage != "" {
		size, err := resource.ParseQuantity(c.MaxImage)
		if err != nil || size.Sign() <= 0 {
			errs = append(errs, fmt.Errorf("size of an image %q: must be a quantity of bytes, such as 20Gi", c.MaxImage))
		}
		c.Upload.Limits.Archive = size.Value()
	}
	return errors.Join(errs...)
}

func (c *Config) platform() (v1.Platform, error) {
	platform, err := v1.ParsePlatform(c.Platform)
	if err != nil || platform.OS == "" || platform.Architecture == "" {
		return v1.Platform{}, fmt.Errorf("platform %q: must be os/architecture, such as linux/amd64", c.Platform)
	}
	return *platform, nil
}

// registry is where images are kept. Credentials are those that docker would take.
func (c *Config) registry() (*environment.Registry, error) {
	return environment.NewRegistry(c.Registry, c.Insecure, credentials())
}

// kernels is the index, nil if there is none.
func (c *Config) kernels() (api.Kernels, error) {
	if c.Index == "" {
		return nil, nil
	}
	index, err := kernels.New(c.Index)
	if err != nil {
		return nil, err
	}
	return index, nil
}

func credentials() remote.Option { return remote.WithAuthFromKeychain(authn.DefaultKeychain) }

// allowed says which images may be registered by reference. A prefix ends at a slash, a colon or the end: that of one
// registry must not be that of another.
func (c *Config) allowed(reference string) bool {
	for _, prefix := range c.References {
		rest, ok := strings.CutPrefix(reference, strings.TrimSuffix(prefix, "/"))
		if ok && (rest == "" || rest[0] == '/' || rest[0] == '@' || rest[0] == ':' && strings.Contains(prefix, "/")) {
			return true
		}
	}
	return false
}

// limits are those of the loop.
func (c *Config) limits() process.Limits {
	limits := process.DefaultLimits()
	limits.ArchivedTTL = cmp.Or(c.JobTTL, limits.ArchivedTTL)
	return limits
}
