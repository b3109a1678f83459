package api

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// Gate says who somebody is and what they may do, on the terms of [access.Gate].
type Gate interface {
	Authenticate(ctx context.Context, token string) (*access.User, error)
	Require(ctx context.Context, user *access.User, deed access.Deed) error
	May(ctx context.Context, user *access.User, deed access.Deed) (bool, error)
}

// Domains knows which domains there are.
type Domains interface {
	Names(ctx context.Context) ([]string, error)
}

// Runs starts work, and knows what became of it, on the terms of [runs.Runs].
type Runs interface {
	// Launch makes the Job of a spec. If there is or was one of the same version it returns that, and false.
	Launch(ctx context.Context, spec process.Spec) (runs.Run, bool, error)
	// Versions returns the versions of a process in order; none if there is no such process.
	Versions(ctx context.Context, domain, project, process string) ([]runs.Run, error)
	// VersionsNow is Versions with all that any replica has made by now; it costs the API server more.
	VersionsNow(ctx context.Context, domain, project, process string) ([]runs.Run, error)
	// Version returns one of them, or [runs.ErrNotFound].
	Version(ctx context.Context, domain, project, process string, version int) (runs.Run, error)
	// Project returns all runs of a project, the versions of a process together and in order.
	Project(ctx context.Context, domain, project string) ([]runs.Run, error)
	// Cancel asks for the end of a run; [runs.ErrEnded] if it has ended. Asking twice is asking once.
	Cancel(ctx context.Context, run process.Record, by string) error
	// Uses counts the runs that are not over and that refer to an environment.
	Uses(ctx context.Context, environment string) (int, error)
}

// Logs are what runs have printed.
type Logs interface {
	// Lines is [archive.Store.Lines].
	Lines(ctx context.Context, stream archive.Stream, offset int64, limit int) (archive.Page, error)
	// From is [archive.Store.From].
	From(ctx context.Context, stream archive.Stream, offset int64) iter.Seq2[archive.Line, error]
	// Extent is [archive.Store.Extent].
	Extent(ctx context.Context, stream archive.Stream) (archive.Extent, error)
}

// Registrar makes environments of images, on the terms of [environment.Registrar].
type Registrar interface {
	Receive(ctx context.Context, upload io.Reader, dir string, limits image.Limits) (*environment.Incoming, error)
	Upload(ctx context.Context, upload *environment.Incoming, domain string, terms environment.Terms) (*environment.Environment, environment.Result, error)
	Reference(ctx context.Context, name, reference, domain string, terms environment.Terms) (*environment.Environment, environment.Result, error)
	Kernel(
		ctx context.Context, name, base, domain string, kernel environment.KernelPath, packages []image.Package, terms environment.Terms,
	) (*environment.Environment, environment.Result, error)
}

// Kernels is the index, on the terms of [kernels.Index].
type Kernels interface {
	Packages(ctx context.Context, language, name, version string) ([]image.Package, error)
}

// Options are what a server works with. All of it is needed but what says otherwise.
type Options struct {
	Gate         Gate
	Domains      Domains
	Environments *environment.Store
	Registrar    Registrar
	Kernels      Kernels // nil: kernels cannot be environments
	Runs         Runs
	Logs         Logs
	Launch       Launch
	Upload       Upload
	// Streams is how many clients may follow logs at once; 0 is 200.
	Streams int
	// Poll is how often a log that is followed is looked at; 0 is a second. Heartbeat is how often a stream without news
	// says that it is there; 0 is 15 seconds.
	Poll, Heartbeat time.Duration
	// WriteTime is how long a client may take for a part of a log that is sent; 0 is 20 seconds.
	WriteTime time.Duration
	// Ready says why no requests should be sent here; nil is always ready.
	Ready   func() error
	Closing <-chan struct{} // is closed when the service ends: streams end then; nil never is
	Metrics prometheus.Registerer
	Log     zerolog.Logger
}

// Launch is what every run is given, whoever asks for it.
type Launch struct {
	BackendURL string
	// StorageBase and StorageSecret may have {project} and {domain} in them. Credentials are given from a Secret of that
	// name; "" gives none.
	StorageBase, StorageSecret, StorageEndpoint string
	Account                                     string   // service account of the pods
	PullSecrets                                 []string // of the domain, for the registry
	KernelsClaim                                string   // PersistentVolumeClaim of the domain that holds the kernels
	KernelsRoot                                 string   // where the volume's top is when kernels are installed
	MaxDeadline                                 time.Duration
	// MaxCPU, MaxMemory and MaxEphemeral are quantities that no request may pass; "" is no bound.
	MaxCPU, MaxMemory, MaxEphemeral string
}

// Upload bounds uploads.
type Upload struct {
	Dir        string        // where they are kept while they are looked at; "" for the system's temporary directory
	Concurrent int64         // how many at once; 0 is 2
	Limits     image.Limits  // what one may cost
	Stall      time.Duration // how long nothing may arrive; 0 is a minute
	Total      time.Duration // how long one may take to arrive; 0 is 6 hours
}

func (o *Options) setDefaults() {
	if o.Streams == 0 {
		o.Streams = 200
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.WriteTime == 0 {
		o.WriteTime = 20 * time.Second
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Upload.Concurrent == 0 {
		o.Upload.Concurrent = 2
	}
	if o.Upload.Stall == 0 {
		o.Upload.Stall = time.Minute
	}
	if o.Upload.Total == 0 {
		o.Upload.Total = 6 * time.Hour
	}
	if o.Launch.MaxDeadline == 0 {
		o.Launch.MaxDeadline = process.MaxDeadline
	}
}
