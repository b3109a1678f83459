package serve

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// NoMetrics is the metrics port of a server without a metrics listener.
const NoMetrics = -1

// Config says how to serve. There are no defaults but those of [DefaultLimits] and where it says so.
type Config struct {
	// Address is the host name or address that both listeners are bound to; "" is every address of the machine.
	Address string
	// Port is that of the routes, MetricsPort that of the metrics, or NoMetrics. 0 takes a free port.
	Port, MetricsPort int
	Limits            Limits
	// Compress answers with gzip or zstd where a client asks for it. Streams are not for that.
	Compress bool
	// Probes are the routes that an orchestrator asks every few seconds. They are answered at the metrics port, too: a
	// port that clients have filled must not get the program killed.
	Probes []string

	// Drain is how long requests are still taken after the end was asked for, while clients are asked to go elsewhere.
	// Load balancers need some seconds to notice.
	Drain time.Duration
	// Grace is how long requests under way may take to finish after that.
	Grace time.Duration
	// Ending is called between the two: answers that have no end of their own have to end now. It may be nil.
	Ending func()

	// Namespace is what the names of the metrics begin with, such as kernel_web; Version and Revision name the build.
	Namespace, Version, Revision string
	// Metrics is what /metrics shows, to which those of requests, of the build and of the process are added; nil is none
	// beside these.
	Metrics *prometheus.Registry
	Log     zerolog.Logger
	// AccessLog logs every request, those of probes at debug level. Without it those that failed for a reason of ours are
	// logged, see [Cause].
	AccessLog bool
}

// Limits is what a client may use. No field may be zero but where it says so.
type Limits struct {
	// Connections is how many may be open. Further ones wait to be accepted. Both listeners count on their own.
	Connections int
	// HeaderBytes bounds request line and header fields together (431), TargetBytes path and query (414).
	HeaderBytes, TargetBytes int
	// BodyBytes bounds the body (413) where no route reads one. 0 leaves bodies to the routes, which bound what they read.
	BodyBytes int64
	// ReadHeader is how long the header may take, Read the whole request, Idle how long a connection may wait for the
	// next request. A route may move the deadline of Read.
	ReadHeader, Read, Idle time.Duration
	// Write is how long the answer may take until its first paceBytes have been sent, and each paceBytes after them: a
	// large document may take long, but not for ever.
	Write time.Duration
}

// DefaultLimits returns limits that no reasonable client of routes without bodies meets.
func DefaultLimits() Limits {
	return Limits{
		Connections: 4096,
		HeaderBytes: 32 << 10, TargetBytes: 8 << 10, BodyBytes: 64 << 10,
		ReadHeader: 10 * time.Second, Read: 30 * time.Second, Write: 30 * time.Second, Idle: 75 * time.Second,
	}
}
