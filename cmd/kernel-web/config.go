package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/manifests"
	"kernelindexer/serve/serveflags"
	"kernelindexer/webserver/reload"
)

// defaultRoot is where the container of the service that this one replaces has its documents.
const defaultRoot = "/app/data"

// config is what flags and environment set.
type config struct {
	root, collated, index string
	listen                serveflags.Flags
	basePath              string
	interval              time.Duration
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

	c.listen.Define(f, "the API and the pages")
	f.StringVar(&c.basePath, "base-path", "", "where a proxy shows the site, such as /services/kernels (default: the root)")
	cli.Env(f, "base-path", "BASE_PATH")

	c.pages.flags(f)
}

// check finishes and checks what the flags cannot check one by one.
func (c *config) check() error {
	if c.interval < 100*time.Millisecond {
		return fmt.Errorf("--reload-interval %v is less than 100ms", c.interval)
	}
	if err := c.listen.Check(); err != nil {
		return err
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
