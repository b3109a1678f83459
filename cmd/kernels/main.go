// Command kernels is what a user types on a login node: which kernel has what I need, what is in it, how do two differ.
// It reads what kernel-indexer has published, from the directory or from a kernel-web server, and never writes there.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	p := program{args: os.Args[1:], lookup: os.LookupEnv, out: os.Stdout, errOut: os.Stderr}
	return p.run(ctx)
}
