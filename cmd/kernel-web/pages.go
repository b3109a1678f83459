package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/webserver"
)

// off is the value of what is not to be there.
const off = "off"

// pagesConfig is what the pages say beside the index.
type pagesConfig struct {
	title, organization, help string
	get, use                  string
	stale                     time.Duration
}

func (c *pagesConfig) flags(f *pflag.FlagSet) {
	f.StringVar(&c.title, "site-title", "Kernels", "what the pages are called")
	cli.Env(f, "site-title", "SITE_TITLE")
	f.StringVar(&c.organization, "organization", "", "whose kernels they are")
	cli.Env(f, "organization", "ORGANIZATION")
	f.StringVar(&c.help, "help-url", "", "where users ask for help or for a package: an http, https or mailto URL")
	cli.Env(f, "help-url", "HELP_URL")
	f.StringVar(&c.get, "get-command", webserver.DefaultGetCommand, "what a user types to get a kernel; off shows none")
	cli.Env(f, "get-command", "GET_COMMAND")
	f.StringVar(&c.use, "use-command", webserver.DefaultUseCommand, "what a user types to use a kernel; off shows none")
	cli.Env(f, "use-command", "USE_COMMAND")
	f.DurationVar(&c.stale, "stale-after", webserver.DefaultStaleAfter, "the age of the index from which pages warn; 0 is never")
	cli.Env(f, "stale-after", "STALE_AFTER")
}

func (c *pagesConfig) check() error {
	if c.stale < 0 {
		return fmt.Errorf("--stale-after %v: it cannot be negative", c.stale)
	}
	for _, command := range []*string{&c.get, &c.use} {
		if *command == off {
			*command = ""
		}
	}
	return nil
}

// apply tells the server.
func (c *pagesConfig) apply(o *webserver.Options) {
	o.SiteTitle, o.Organization, o.HelpURL = c.title, c.organization, c.help
	o.GetCommand, o.UseCommand, o.StaleAfter = c.get, c.use, c.stale
}
