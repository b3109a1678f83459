package main

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

func (p *program) runCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Index all kernels, then publish the pair: what the CronJob calls",
		Long: `Index all kernels, then publish collated_manifests.json and package_index.json,
and in index_changes.json what is new in them.

With --shard, several processes share the run: each indexes its part of the
kernels, and the one that ends last publishes.

The first error ends the run. Exit codes:
  0  indexed and collated
  1  usage, lock held by another run, interrupted, no kernels found
  2  conda not found (lister conda only)
  3  kernel root or output directory missing, no directory, unreadable or not writable
  4  a kernel could not be indexed; the published pair is untouched
  5  collation failed; the published pair is untouched`,
		Args:    cobra.NoArgs,
		PreRunE: both(p.prepare, c.check),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.execute(cmd.Context(), &c, (*indexer.Indexer).Run)
		},
	}
	c.rootFlags(cmd.Flags())
	c.outputFlags(cmd.Flags())
	c.listerFlags(cmd.Flags())
	c.shard.flags(cmd.Flags(), p.lookup)
	return cmd
}

func (p *program) indexCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "index",
		Short: "Write the manifests of kernels, all or some, and publish nothing",
		Long: `Write the manifests of kernels, all or some, and publish nothing.

With --shard, several processes, on any machines, share the kernels evenly: each
takes every n-th of the list that the first one writes down. "collate" then
publishes, once all shards are done, and refuses if one failed or is missing.`,
		Example: `  kernel-indexer index --language R
  kernel-indexer index --kernel-name pecan --kernel-version 1.9
  kernel-indexer index --shard 1/2 & kernel-indexer index --shard 2/2 & wait
  kernel-indexer collate --shards 2`,
		Args:    cobra.NoArgs,
		PreRunE: both(p.prepare, c.check),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.execute(cmd.Context(), &c, (*indexer.Indexer).Index)
		},
	}
	c.rootFlags(cmd.Flags())
	c.outputDirFlag(cmd.Flags())
	c.listerFlags(cmd.Flags())
	c.kernelFlags(cmd.Flags())
	c.shard.flags(cmd.Flags(), p.lookup)
	return cmd
}

func both(first, then func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := first(cmd, args); err != nil {
			return err
		}
		return then(cmd, args)
	}
}

// execute runs one of the indexer's verbs, reports how it went, and returns an error that is already reported.
func (p *program) execute(ctx context.Context, c *config,
	verb func(*indexer.Indexer, context.Context) (manifests.Status, error),
) error {
	log := cli.NewLogger(c.level, p.out, p.errOut, p.lookup)
	if c.shard.shard.Number > 0 {
		log = log.With().Stringer("shard", c.shard.shard).Logger()
	}
	report := p.newReporter(log, c.noProgress)
	start := time.Now()
	status, err := verb(indexer.New(indexer.Config{
		Root: c.root, OutputDir: c.outputDir, Filter: c.filter,
		Source: p.source(c, log), Report: report,
		Jobs: c.jobs, Incremental: c.incremental, Mode: c.mode(),
		Catalog: c.catalog, HostRoot: c.hostRoot, Now: time.Now,
		Shard: c.shard.shard, Round: c.shard.round,
	}), ctx)
	report.finish()
	if err != nil {
		code := indexer.ExitCode(err)
		log.Error().Int("exit_code", code).Str("phase", string(status.Phase)).Err(err).Msg("failed")
		return &cli.ExitError{Code: code, Told: true, Err: err}
	}
	summary(log, status, time.Since(start))
	return nil
}

// summary is the closing line of a run that went well.
func summary(log zerolog.Logger, s manifests.Status, elapsed time.Duration) {
	line := log.Info().Int("kernels", s.Kernels).Int("packages", s.Packages) //nolint:zerologlint // sent below
	if s.Lister != "" {
		line = line.Int("indexed", s.Indexed).Int("reused", s.Reused)
	}
	if s.Generation != "" {
		line = line.Str("generation", s.Generation)
	}
	line.Float64("seconds", float64(elapsed.Milliseconds())/1000).Msg("done")
}
