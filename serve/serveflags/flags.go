// Package serveflags is the flags of a program that serves, with their variables: where it listens, how it ends, and
// what it logs. What is served is the program's own affair.
package serveflags

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/serve"
)

// Flags is what they set.
type Flags struct {
	host              string
	port, metricsPort cli.Port
	drain, grace      time.Duration
	connections       int
	accessLog         bool
	level             cli.Level
}

// Define defines the flags. what is what the port is for, for its help.
func (s *Flags) Define(f *pflag.FlagSet, what string) {
	f.StringVar(&s.host, "host", "", "name or address to listen on (default: all of this machine)")
	cli.Env(f, "host", "API_HOST")
	s.port = 8000
	f.Var(&s.port, "port", "port of "+what+"; 0 takes a free one")
	cli.Env(f, "port", "API_PORT")
	s.metricsPort = 9090
	f.Var(cli.OptionalPort{Port: &s.metricsPort}, "metrics-port", "port of /metrics and of probes; 0 takes a free one, off serves none")
	cli.Env(f, "metrics-port", "METRICS_PORT")

	f.DurationVar(&s.drain, "drain-delay", 5*time.Second, "how long to take requests after SIGTERM, until load balancers have noticed")
	cli.Env(f, "drain-delay", "DRAIN_DELAY")
	f.DurationVar(&s.grace, "grace", 20*time.Second, "how long requests may take to finish after that")
	cli.Env(f, "grace", "SHUTDOWN_GRACE")
	f.IntVar(&s.connections, "max-connections", serve.DefaultLimits().Connections, "how many clients may be connected; others wait")
	cli.Env(f, "max-connections", "MAX_CONNECTIONS")

	f.BoolVar(&s.accessLog, "access-log", true, "log every request")
	cli.Env(f, "access-log", "ACCESS_LOG")
	s.level = cli.Level(zerolog.InfoLevel)
	f.Var(&s.level, "log-level", "DEBUG, INFO, WARN or ERROR")
	cli.Env(f, "log-level", "LOG_LEVEL")
}

// Check says what is wrong with the values, as far as the flags could not one by one.
func (s *Flags) Check() error {
	if s.drain < 0 || s.grace < 0 {
		return fmt.Errorf("--drain-delay %v, --grace %v: neither can be negative", s.drain, s.grace)
	}
	if s.connections < 1 {
		return fmt.Errorf("--max-connections %d: at least one is needed", s.connections)
	}
	return nil
}

// Level returns the level of the log.
func (s *Flags) Level() cli.Level { return s.level }

// Config returns where and how to serve, with [serve.DefaultLimits]. The rest of it is the program's.
func (s *Flags) Config(version string, log zerolog.Logger) serve.Config {
	limits := serve.DefaultLimits()
	limits.Connections = s.connections
	return serve.Config{
		Address: s.host, Port: int(s.port), MetricsPort: int(s.metricsPort), Limits: limits,
		Drain: s.drain, Grace: max(s.grace, time.Millisecond),
		Version: version, Revision: cli.Revision(), Log: log, AccessLog: s.accessLog,
	}
}
