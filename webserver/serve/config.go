package serve

import (
	"time"

	"github.com/rs/zerolog"
)

// NoMetrics is the metrics port of a server without a metrics listener.
const NoMetrics = -1

// Config says how to run the handler. There are no defaults but those of [DefaultLimits].
type Config struct {
	// Address is the host name or address that both listeners are bound to; "" is every address of the machine.
	Address string
	// Port is that of the API, MetricsPort that of the metrics, or NoMetrics. 0 takes a free port.
	Port, MetricsPort int
	Limits            Limits
	// Drain is how long requests are still taken after the end was asked for, while /readyz says that they should go
	// elsewhere. Load balancers need some seconds to notice.
	Drain time.Duration
	// Grace is how long requests under way may take to finish after that.
	Grace time.Duration
	// Version and Revision name the build in the metrics.
	Version, Revision string
	Log               zerolog.Logger
	// AccessLog logs every request, those of probes at debug level.
	AccessLog bool
}

// Limits is what a client may use. No field may be zero.
type Limits struct {
	// Connections is how many may be open. Further ones wait to be accepted. Both listeners count on their own.
	Connections int
	// HeaderBytes bounds request line and header fields together (431), TargetBytes path and query (414), BodyBytes
	// the body (413).
	HeaderBytes, TargetBytes int
	BodyBytes                int64
	// ReadHeader is how long the header may take, Read the whole request, Idle how long a connection may wait for the
	// next request.
	ReadHeader, Read, Idle time.Duration
	// Write is how long the answer may take until its first paceBytes have been sent, and each paceBytes after them: a
	// large document may take long, but not for ever.
	Write time.Duration
}

// DefaultLimits returns limits that no reasonable client meets.
func DefaultLimits() Limits {
	return Limits{
		Connections: 4096,
		HeaderBytes: 32 << 10, TargetBytes: 8 << 10, BodyBytes: 64 << 10,
		ReadHeader: 10 * time.Second, Read: 30 * time.Second, Write: 30 * time.Second, Idle: 75 * time.Second,
	}
}
