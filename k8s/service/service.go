package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/api"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/runs"
	"kernelindexer/serve"
)

// service is what runs.
type service struct {
	config  Config
	clients *clients
	store   *archive.Store
	metrics *metrics
	loop    atomic.Pointer[controller.Loop] // while this process leads
	watches sync.WaitGroup                  // for domains that are not watched yet
	gate    serve.Gate                      // is closed when the end was asked for
	closing chan struct{}                   // and streams end, too
}

// Run serves until ctx ends, and ends without failing a request. The error is a [*ConfigError], that of what
// cannot be opened, or says that requests were cut off.
func Run(ctx context.Context, config Config) error {
	if err := config.check(); err != nil {
		return &ConfigError{err}
	}
	s := &service{config: config, metrics: newMetrics(), closing: make(chan struct{})} //nolint:contextcheck // a gauge is asked by nobody
	quiet(config.Log)
	var err error
	if s.clients, err = config.connect(s.metrics); err != nil {
		return err
	}
	if s.store, err = archive.Open(ctx, config.Archive); err != nil {
		return err
	}
	defer s.store.Close() //nolint:errcheck // every write has been waited for
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	server, err := serve.Listen(ctx, s.listen(cancel), api.Starting(), &s.gate)
	if err != nil {
		return err
	}
	line := config.Log.Info().Str("version", config.Version).Strs("domains", config.Domains).
		Stringer("address", server.Addr())
	if a := server.MetricsAddr(); a != nil {
		line = line.Stringer("metrics", a)
	}
	line.Msg("listening")
	return s.work(ctx, working, server)
}

// maxHeader bounds the header of a request: tokens of some identity providers are long.
const maxHeader = 64 << 10

// listen is how requests are served. stop is called when only those under way are answered still.
func (s *service) listen(stop func()) serve.Config {
	c := s.config.Listen
	c.Limits.HeaderBytes, c.Limits.BodyBytes = maxHeader, 0
	c.Probes, c.Namespace, c.Metrics = api.Probes(), api.MetricsNamespace, s.metrics.registry
	c.Version, c.Log = s.config.Version, s.config.Log
	c.Ending = func() { close(s.closing); stop() }
	return c
}

// work runs what there is to run, until ctx ends or a part of it fails. working ends before requests do.
func (s *service) work(ctx, working context.Context, server *serve.Server) error {
	// Watching ends last: requests that are still answered look at what is watched.
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	serving, end := context.WithCancelCause(ctx)
	defer end(nil)
	var failed error
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := s.begin(watching, working, server); err != nil && working.Err() == nil {
			failed = err
			end(serve.ErrAtOnce) // nobody is served by waiting
		}
	})
	err := server.Run(serving)
	stop()
	parts.Wait()
	return errors.Join(failed, err)
}

// begin connects to the domains, takes requests then, and looks after runs.
func (s *service) begin(watching, working context.Context, server *serve.Server) error {
	connecting, cancel := context.WithCancel(watching)
	defer context.AfterFunc(working, func() {
		if s.metrics.cluster.Load() == nil {
			cancel() // not connected yet, and not wanted any more
		}
	})()
	cluster, err := controller.ConnectWithin(connecting, cmp.Or(s.config.Patience, controller.Patience), s.clients.loop, s.config.Domains, s.changed)
	if err != nil {
		cancel()
		return fmt.Errorf("the domains cannot be watched: %w", err)
	}
	defer cluster.Wait()
	defer s.watches.Wait()
	defer cancel()
	s.metrics.cluster.Store(cluster)
	s.late(connecting, cluster)
	known := &runs.Runs{
		Cluster: cluster, Jobs: s.clients.requests.BatchV1(), Archive: s.store, Limits: s.config.limits(), Damaged: s.damaged,
	}
	environments := environment.NewStore(s.clients.requests.CoreV1().ConfigMaps(s.config.Namespace), nil)
	routes, err := s.routes(known, environments) //nolint:contextcheck // handlers have that of their request
	if err != nil {
		return err
	}
	server.Route(routes)
	s.config.Log.Info().Msg("ready")
	lead := func(ctx context.Context) error { return s.lead(ctx, cluster, known, environments) }
	if s.config.Lead {
		err = controller.Lead(working, s.clients.lease, controller.Lease{
			Namespace: s.config.Namespace, Name: s.config.Lease, Identity: s.config.Identity,
		}, lead)
	} else {
		err = lead(working)
	}
	if err != nil && working.Err() == nil {
		return err
	}
	<-watching.Done() // requests are answered to the end
	return nil
}

// routes are the interface over HTTP.
func (s *service) routes(known *runs.Runs, environments *environment.Store) (*echo.Echo, error) {
	c := &s.config
	registrar, err := c.registrar(environments)
	if err != nil {
		return nil, err
	}
	index, err := c.kernels()
	if err != nil {
		return nil, err
	}
	return api.New(api.Options{
		Gate: access.New(s.clients.requests.AuthenticationV1().TokenReviews(), s.clients.requests.AuthorizationV1().SubjectAccessReviews(),
			access.Options{Audience: c.Audience}),
		Domains: domains(c.Domains), Kernels: index, Environments: environments,
		Registrar: registrar,
		Runs:      known, Logs: s.store, Launch: c.Launch, Upload: c.Upload, Streams: c.Streams,
		Ready: s.ready, Closing: s.closing, Metrics: s.metrics.registry, Log: c.Log,
	})
}

// domains are those that are configured.
type domains []string

// Names implements [api.Domains].
func (d domains) Names(context.Context) ([]string, error) { return d, nil }

func (s *service) ready() error {
	if s.gate.Closed() {
		return errors.New("the service is ending")
	}
	if cluster := s.metrics.cluster.Load(); cluster != nil && len(cluster.Unwatched()) == len(s.config.Domains) {
		return errors.New("no domain can be watched")
	}
	return nil
}

// changed hands what the watches say to the loop, if there is one.
func (s *service) changed(key controller.Key) {
	if loop := s.loop.Load(); loop != nil {
		loop.Changed(key)
	}
}

// lead looks after runs until ctx ends.
func (s *service) lead(ctx context.Context, cluster *controller.Kubernetes, known *runs.Runs, environments *environment.Store) error {
	s.config.Log.Info().Str("identity", s.config.Identity).Msg("looking after runs")
	s.metrics.leader.Set(1)
	defer s.metrics.leader.Set(0)
	loop := controller.New(cluster, s.store, controller.Options{
		Limits: s.config.limits(), LogsKept: s.config.LogRetention, OutcomesKept: s.config.RunRetention, Failed: s.reconcileFailed,
		Done: s.metrics.done, Copied: s.metrics.copied,
	})
	s.loop.Store(loop)
	defer s.loop.Store(nil)
	// What was said before the loop was there.
	jobs, err := cluster.Jobs(ctx, "", nil)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		loop.Changed(controller.Key{Namespace: job.Namespace, Name: job.Name})
	}
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sweeping.Go(func() { s.sweep(ctx, known, environments) })
	sweeping.Go(func() { s.systemEnvironments(ctx, environments) })
	return loop.Run(ctx)
}

func (s *service) reconcileFailed(key controller.Key, err error) {
	s.metrics.failures.Inc()
	s.config.Log.Warn().Stringer("job", key).Err(err).Msg("will be tried again")
}

// damaged tells of a document of the archive that is passed over.
func (s *service) damaged(err error) {
	s.metrics.damaged.Inc()
	s.config.Log.Warn().Err(err).Msg("passed over")
}

// late tells of domains that cannot be watched, and when they can. Meanwhile nothing can be launched there.
func (s *service) late(ctx context.Context, cluster *controller.Kubernetes) {
	for _, domain := range cluster.Unwatched() {
		s.config.Log.Warn().Str("domain", domain).Msg("cannot be watched: it does not exist, or this service has no rights there")
		s.watches.Go(func() {
			if cluster.AwaitWatch(ctx, domain) {
				s.config.Log.Info().Str("domain", domain).Msg("is watched now")
			}
		})
	}
}

// Environments that were deleted are forgotten after a month, if no run refers to them.
const (
	sweepEvery     = time.Hour
	tombstonesKept = 30 * 24 * time.Hour
)

func (s *service) sweep(ctx context.Context, known *runs.Runs, environments *environment.Store) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepEvery):
		}
		swept, err := environments.Sweep(ctx, tombstonesKept, func(ctx context.Context, id string) (bool, error) {
			if unwatched := s.metrics.cluster.Load().Unwatched(); len(unwatched) > 0 {
				return true, fmt.Errorf("nobody knows what runs in %v", unwatched)
			}
			n, err := known.Uses(ctx, id)
			return n > 0, err
		})
		if err != nil && ctx.Err() == nil {
			s.config.Log.Warn().Err(err).Msg("environments could not be swept")
		}
		if len(swept.Tombstones) > 0 || swept.Packages > 0 {
			s.config.Log.Info().Strs("environments", swept.Tombstones).Int("packages", swept.Packages).Msg("swept")
		}
	}
}
