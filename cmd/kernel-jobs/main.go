// Command kernel-jobs launches work in environments: container images, or kernels that are indexed, in which a Kubernetes
// Job runs. It is also what such an image runs, and what writes down its schemas when it is built.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(run()) }

func run() int {
	p := program{args: os.Args[1:], env: os.Environ(), lookup: os.LookupEnv, in: os.Stdin, out: os.Stdout, errOut: os.Stderr}
	return p.run(context.Background())
}
