package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/k8s/service"
	"kernelindexer/serve"
)

func (p *program) serveCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API, and look after runs",
		Long: `serve answers the API over HTTP and brings every run to its archived end.

  /api/v1/environment      upload, replace, list and delete environments
  /environments            the same for forms; POST registers by reference
  /process-types           what can be run, with its parameters
  /projects/{p}/process    start runs; state, logs, result, cancel, clone
  /openapi.json            the description of all that
  /healthz, /readyz        probes, also at the metrics port, which has /metrics

There is no database. A run is its Job; an environment is a ConfigMap in the
backend's namespace and an image in the registry; logs and results are in the
archive. Users send a token of the cluster, and what they may do is RBAC on
environments, processes and processes/logs of the API group kernel-jobs in the
domain, which is a namespace.

Several replicas may run on one archive. One of them, by a Lease, looks after
runs; all answer requests. SIGTERM ends a replica without failing a request:
/readyz answers 503, requests are still taken for --drain-delay, and those under
way may take --grace to finish. SIGINT (Ctrl-C) leaves the delay out. Runs go on
meanwhile, and the next replica takes their logs from where this one left off.

Exit codes: 0 ended by a signal, 1 usage, a part that cannot be reached when the
program starts, or requests that were cut off.`,
		Example: `  kernel-jobs serve --domains hydrology --registry registry:5000/environments
  curl -H "Authorization: Bearer $(kubectl create token ada)" -F environmentImage=@signals.tar \
    -F domainId=hydrology localhost:8000/api/v1/environment`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.finish(); err != nil {
				return err
			}
			return p.serve(cmd.Context(), &c)
		},
	}
	c.flags(cmd.Flags())
	return cmd
}

// serve runs until a signal comes.
func (p *program) serve(ctx context.Context, c *config) error {
	ctx, stop := serve.UntilSignal(ctx)
	defer stop()
	c.Version, c.Log = version, cli.NewLogger(c.listen.Level(), p.out, p.errOut, p.lookup)
	c.Listen = c.listen.Config(version, c.Log)
	err := service.Run(ctx, c.Config)
	var wrong *service.ConfigError
	switch {
	case errors.As(err, &wrong):
		return err
	case err != nil:
		c.Log.Error().Err(err).Msg("ended")
		return &cli.ExitError{Code: 1, Told: true, Err: err}
	}
	c.Log.Info().Msg("ended")
	return nil
}
