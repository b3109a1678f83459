// Command cluster runs a real Kubernetes of one node on this machine, for tests: see package onenode. It needs root.
//
//	go run ./k8s/cluster up [--name NAME]             start it; returns when pods can be made
//	go run ./k8s/cluster env [--name NAME]            print what a shell needs: eval "$(go run ./k8s/cluster env)"
//	go run ./k8s/cluster load-image [--name NAME] TAR… bring images to the node
//	go run ./k8s/cluster down [--name NAME]           end it, also after a crash
//	go run ./k8s/cluster build                        build the programs of Kubernetes into the cache, and no more
//
// Exit code: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"kernelindexer/k8s/cluster/onenode"
)

const usage = "usage: cluster up|env|down [--name NAME]\n       cluster load-image [--name NAME] TAR…\n       cluster build"

func main() {
	os.Exit(onenode.Main(func(self onenode.Self) int {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		return run(ctx, self, os.Args[1:], os.Stdout, os.Stderr)
	}))
}

// errUsage means that usage was already printed.
var errUsage = errors.New("wrong usage")

func run(ctx context.Context, self onenode.Self, args []string, out, errOut io.Writer) int {
	switch err := command(ctx, self, args, out, errOut); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		fmt.Fprintln(errOut, "cluster:", err)
		return 1
	}
}

func command(ctx context.Context, self onenode.Self, args []string, out, errOut io.Writer) error {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() { fmt.Fprintln(errOut, usage) }
	name := flags.String("name", "default", "the cluster's name")
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	if verb == "-h" || verb == "--help" {
		flags.Usage()
		return flag.ErrHelp
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	known := []string{"up", "env", "down", "load-image", "build"}
	if !slices.Contains(known, verb) || (flags.NArg() > 0) != (verb == "load-image") {
		flags.Usage()
		return errUsage
	}
	switch verb {
	case "up":
		_, err := self.Start(ctx, onenode.Options{Name: *name, Out: errOut})
		return err
	case "down":
		return onenode.Stop(ctx, *name)
	case "build":
		_, err := onenode.Binaries(ctx, errOut)
		return err
	}
	cluster, err := onenode.Open(ctx, *name, errOut)
	if err != nil {
		return err
	}
	if verb == "env" {
		return printEnv(out, cluster.Env())
	}
	for _, archive := range flags.Args() {
		if err := cluster.LoadImage(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

// printEnv prints export lines, quoted for a POSIX shell.
func printEnv(out io.Writer, env []string) error {
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		quoted := "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		if _, err := fmt.Fprintf(out, "export %s=%s\n", name, quoted); err != nil {
			return err
		}
	}
	return nil
}
