// Command kernel-web serves the documents that kernel-indexer publishes: which kernels there are, what they hold, and
// which of them have a package. It only reads, and takes new documents as they come.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kernelindexer/webserver/serve"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	p := program{args: os.Args[1:], lookup: os.LookupEnv, out: os.Stdout, errOut: os.Stderr}
	return p.run(ctx)
}

// untilSignal returns a context that ends with the first SIGTERM or SIGINT. The latter comes from a person at a
// terminal, for whom nothing has to be drained. A second signal ends the process as it would a program that does not
// care.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		defer signal.Stop(signals)
		select {
		case s := <-signals:
			if s == syscall.SIGINT {
				cancel(serve.ErrAtOnce)
			}
			cancel(nil)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
