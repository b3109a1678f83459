package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/serve"
	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

// version is set by the linker; see the Makefile.
var version = "dev"

// program is the command with everything it touches of its process, so that a test can run it whole.
type program struct {
	args        []string
	lookup      func(string) (string, bool)
	out, errOut io.Writer
}

// run executes the command line and returns the exit code.
func (p *program) run(ctx context.Context) int {
	root := p.rootCommand() //nolint:contextcheck // the commands take it from cobra
	return cli.Execute(ctx, root, p.args, cli.Streams{Out: p.out, Err: p.errOut}, nil)
}

func (p *program) rootCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "kernel-web",
		Short: "Serve what kernel-indexer has published",
		Long: `kernel-web answers over HTTP which kernels a repository holds, what is in them,
and which of them have a package. It reads the two documents that kernel-indexer
publishes, takes new ones as soon as they are complete and valid, and goes on
serving the last good ones otherwise. It starts without them, too, and is ready
(/readyz) when they are there.

  /                 pages for people          /docs     the API, for people
  /api/v1/...       the API                   /data/... the documents themselves
  /api/...          the API of the service that this one replaces
  /livez, /readyz   probes, also at the metrics port, which has /metrics

POST /api/refresh reads the documents at once. If the environment has a
REFRESH_TOKEN, that takes "Authorization: Bearer <token>". There is no flag for
it: the arguments of a process can be read by everyone on the machine.

SIGTERM ends the program without failing a request: /readyz answers 503, requests
are still taken for --drain-delay, and those under way may take --grace to
finish. SIGINT (Ctrl-C) leaves the delay out.

Exit codes: 0 ended by a signal, 1 usage, a port that cannot be listened on, or
requests that were cut off.`,
		Example: `  kernel-web --kernel-root /sw/kernels
  curl 'localhost:8000/api/v1/packages?query=numpy'`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PreRunE:       func(cmd *cobra.Command, _ []string) error { return cli.ApplyEnv(cmd.Flags(), p.lookup) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.check(); err != nil {
				return err
			}
			return p.serve(cmd.Context(), &c)
		},
	}
	c.flags(cmd.Flags())
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return err })
	cmd.AddCommand(cli.VersionCommand("kernel-web", version, cobra.NoArgs))
	return cmd
}

// serve runs until ctx ends.
func (p *program) serve(ctx context.Context, c *config) error {
	out := p.out
	if !cli.IsTerminal(out) {
		buffer := cli.NewBuffer(out)
		defer buffer.Close() //nolint:errcheck // there is nowhere left to report it
		out = buffer
	}
	log := cli.NewLogger(c.listen.Level(), out, p.errOut, p.lookup)
	if workers, ok := p.lookup("WORKERS"); ok {
		log.Debug().Str("WORKERS", workers).Msg("ignored: one process uses all cores")
	}
	token, _ := p.lookup("REFRESH_TOKEN")
	if err := p.serveAll(ctx, c, strings.TrimSpace(token), log); err != nil {
		log.Error().Err(err).Msg("ended")
		return &cli.ExitError{Code: 1, Told: true, Err: err}
	}
	log.Info().Msg("ended")
	return nil
}

// serveAll puts the parts together: what reloads, what answers, and what listens.
func (p *program) serveAll(ctx context.Context, c *config, token string, log zerolog.Logger) error {
	reloader := reload.New(reload.Config{
		Collated: c.collated, Index: c.index, Interval: c.interval, Log: log, Observe: p.settleMemory,
	})
	var gate serve.Gate
	options := webserver.Options{
		Pair: reloader, Version: version, BasePath: c.basePath, RefreshToken: token, Closing: gate.Closed,
	}
	c.pages.apply(&options)
	routes, err := webserver.New(options)
	if err != nil {
		return err
	}
	listen := c.listen.Config(version, log)
	listen.Compress, listen.Probes = true, webserver.Probes()
	listen.Namespace, listen.Metrics = webserver.MetricsNamespace, prometheus.NewRegistry()
	listen.Metrics.MustRegister(webserver.IndexMetrics(reloader, time.Now))
	server, err := serve.Listen(ctx, listen, routes, &gate)
	if err != nil {
		return err
	}
	line := log.Info().Str("version", version).Str("collated", c.collated).Str("index", c.index).
		Stringer("address", server.Addr())
	if a := server.MetricsAddr(); a != nil {
		line = line.Stringer("metrics", a)
	}
	line.Msg("listening")

	// The pair is watched to the last request, and no longer.
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	watched := make(chan error, 1)
	go func() { watched <- reloader.Run(watching) }()
	err = server.Run(ctx)
	stop()
	if stuck := <-watched; stuck != nil {
		log.Warn().Err(stuck).Msg("left behind")
	}
	return err
}
