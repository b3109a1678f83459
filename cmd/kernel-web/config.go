package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/manifests"
	"kernelindexer/serve"
	"kernelindexer/webserver/reload"
)

// defaultRoot is where the container of the service that this one replaces has its documents.
const defaultRoot = "/app/data"

// config is what flags and environment set.
type config struct {
	root, collated, index string
	host                  string
	port, metricsPort     cli.Port
	basePath              string
	interval              time.Duration
	drain, grace          time.Duration
	connections           int
	accessLog             bool
	level                 cli.Level
	pages                 pagesConfig
}

// flags defines the flags with their variables. Those of the original keep their names.
func (c *config) flags(f *pflag.FlagSet) {
	f.StringVar(&c.root, "kernel-root", defaultRoot, "where the documents are, under their usual names")
	cli.Env(f, "kernel-root", "KERNEL_ROOT")
	f.StringVar(&c.collated, "collated-manifests", "", "path of "+manifests.CollatedName+" (default: in the kernel root)")
	cli.Env(f, "collated-manifests", "COLLATED_MANIFESTS_PATH")
	f.StringVar(&c.index, "package-index", "", "path of "+manifests.PackageIndexName+" (default: in the kernel root)")
	cli.Env(f, "package-index", "PACKAGE_INDEX_PATH")
	f.DurationVar(&c.interval, "reload-interval", reload.DefaultInterval, "how often to look for new documents where the file system does not tell")
	cli.Env(f, "reload-interval", "RELOAD_INTERVAL")

	f.StringVar(&c.host, "host", "", "name or address to listen on (default: all of this machine)")
	cli.Env(f, "host", "API_HOST")
	c.port = 8000
	f.Var(&c.port, "port", "port of the API and the pages; 0 takes a free one")
	cli.Env(f, "port", "API_PORT")
	c.metricsPort = 9090
	f.Var(cli.OptionalPort{Port: &c.metricsPort}, "metrics-port", "port of /metrics; 0 takes a free one, off serves none")
	cli.Env(f, "metrics-port", "METRICS_PORT")
	f.StringVar(&c.basePath, "base-path", "", "where a proxy shows the site, such as /services/kernels (default: the root)")
	cli.Env(f, "base-path", "BASE_PATH")

	c.pages.flags(f)

	f.DurationVar(&c.drain, "drain-delay", 5*time.Second, "how long to take requests after SIGTERM, until load balancers have noticed")
	cli.Env(f, "drain-delay", "DRAIN_DELAY")
	f.DurationVar(&c.grace, "grace", 20*time.Second, "how long requests may take to finish after that")
	cli.Env(f, "grace", "SHUTDOWN_GRACE")
	f.IntVar(&c.connections, "max-connections", serve.DefaultLimits().Connections, "how many clients may be connected; others wait")
	cli.Env(f, "max-connections", "MAX_CONNECTIONS")

	f.BoolVar(&c.accessLog, "access-log", true, "log every request")
	cli.Env(f, "access-log", "ACCESS_LOG")
	c.level = cli.Level(zerolog.InfoLevel)
	f.Var(&c.level, "log-level", "DEBUG, INFO, WARN or ERROR")
	cli.Env(f, "log-level", "LOG_LEVEL")
}

// check finishes and checks what the flags cannot check one by one.
func (c *config) check() error {
	if c.interval < 100*time.Millisecond {
		return fmt.Errorf("--reload-interval %v is less than 100ms", c.interval)
	}
	if c.drain < 0 || c.grace < 0 {
		return fmt.Errorf("--drain-delay %v, --grace %v: neither can be negative", c.drain, c.grace)
	}
	if c.connections < 1 {
		return fmt.Errorf("--max-connections %d: at least one is needed", c.connections)
	}
	if err := c.pages.check(); err != nil {
		return err
	}
	for path, name := range map[*string]string{&c.collated: manifests.CollatedName, &c.index: manifests.PackageIndexName} {
		if *path == "" {
			*path = filepath.Join(c.root, name)
		}
	}
	return nil
}
