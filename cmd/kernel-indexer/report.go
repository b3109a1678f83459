package main

import (
	"github.com/rs/zerolog"
	"github.com/schollz/progressbar/v3"

	"kernelindexer/cli"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

// reporter shows how a run goes on: a bar on a terminal, a line a kernel elsewhere.
type reporter struct {
	log   zerolog.Logger
	bar   *progressbar.ProgressBar
	start func(total int) *progressbar.ProgressBar // nil where no bar is wanted
}

func (p *program) newReporter(log zerolog.Logger, noBar bool) *reporter {
	r := &reporter{log: log}
	if noBar || !cli.IsTerminal(p.errOut) {
		return r
	}
	color := cli.UseColor(p.errOut, p.lookup)
	r.start = func(total int) *progressbar.ProgressBar {
		return progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.errOut),
			progressbar.OptionSetDescription("indexing"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionEnableColorCodes(color),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	return r
}

// Begin implements indexer.Reporter.
func (r *reporter) Begin(kernels int) {
	if r.start != nil {
		r.bar = r.start(kernels)
	}
	r.log.Debug().Int("kernels", kernels).Msg("indexing")
}

// Done implements indexer.Reporter.
func (r *reporter) Done(result indexer.Result) {
	level := zerolog.InfoLevel
	if r.bar != nil {
		r.step()
		level = zerolog.DebugLevel
	}
	r.log.WithLevel(level).Str("kernel", result.Kernel.String()).Int("packages", result.Packages).
		Bool("reused", result.Reused).Dur("ms", result.Elapsed).Msg("indexed")
	for _, w := range result.Warnings {
		r.log.Warn().Str("kernel", result.Kernel.String()).Msg(w)
	}
}

// Skipped implements indexer.Reporter.
func (r *reporter) Skipped(kernel manifests.KernelKey, why string) {
	if r.bar != nil {
		r.step()
	}
	r.log.Warn().Str("kernel", kernel.String()).Msg("skipped: " + why)
}

// Warned implements indexer.Reporter.
func (r *reporter) Warned(err error) { r.log.Warn().Msg(err.Error()) }

// step moves the bar. That a terminal cannot be drawn on is no reason to stop.
func (r *reporter) step() { _ = r.bar.Add(1) }

// finish clears the bar away before the closing lines.
func (r *reporter) finish() {
	if r.bar != nil {
		_ = r.bar.Finish() // as step
	}
}
