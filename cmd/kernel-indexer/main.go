// Command kernel-indexer finds out which packages the conda environments of a kernel repository hold, and publishes the
// result for the web server and the command line. `kernel-indexer run` is what a CronJob calls.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kernelindexer/condaenv/sandbox"
)

func main() {
	os.Exit(sandbox.Main(func(self sandbox.Self) int {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		p := program{
			args: os.Args[1:], lookup: os.LookupEnv, self: self,
			in: os.Stdin, out: os.Stdout, errOut: os.Stderr,
		}
		return p.run(ctx)
	}))
}
