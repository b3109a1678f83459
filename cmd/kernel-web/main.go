// Command kernel-web serves the documents that kernel-indexer publishes: which kernels there are, what they hold, and
// which of them have a package. It only reads, and takes new documents as they come.
package main

import (
	"context"
	"os"

	"kernelindexer/serve"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := serve.UntilSignal(context.Background())
	defer stop()
	p := program{args: os.Args[1:], lookup: os.LookupEnv, out: os.Stdout, errOut: os.Stderr}
	return p.run(ctx)
}
