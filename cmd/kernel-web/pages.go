package main

import (
	"fmt"
	"io"
	"os"
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
	accent, logoFile          string
	logo                      []byte
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
	f.StringVar(&c.logoFile, "logo-file", "", "an SVG or PNG file to show beside the title")
	cli.Env(f, "logo-file", "LOGO_FILE")
	f.StringVar(&c.accent, "accent", "", "the colour of buttons and lines, such as #c84113; it must be readable on white or on near-black")
	cli.Env(f, "accent", "ACCENT")
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
	var err error
	if c.logo, err = readLogo(c.logoFile); err != nil {
		return fmt.Errorf("--logo-file: %w", err)
	}
	return nil
}

// readLogo reads the file of a logo, and no more of it than a logo may have; "" is no logo. The server checks what it is.
func readLogo(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, webserver.MaxLogoBytes+1))
	if err == nil && len(data) == 0 {
		err = fmt.Errorf("%s is empty", path)
	}
	return data, err
}

// apply tells the server.
func (c *pagesConfig) apply(o *webserver.Options) {
	o.SiteTitle, o.Organization, o.HelpURL = c.title, c.organization, c.help
	o.GetCommand, o.UseCommand, o.StaleAfter = c.get, c.use, c.stale
	o.Logo, o.Accent = c.logo, c.accent
}
