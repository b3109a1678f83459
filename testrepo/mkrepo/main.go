// Mkrepo makes a kernel repository for a demonstration or a benchmark.
//
//	mkrepo --sample DIR
//	mkrepo [--kernels 20] [--packages 300] [--meta-bytes 8388608]
//	       [--language Python|R|mixed] [--seed 1] [--share] DIR
//
// DIR must be empty or absent. Exit code: 0 made, 1 failed, 2 wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"kernelindexer/testrepo"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	spec := testrepo.DefaultSpec()
	flags := flag.NewFlagSet("mkrepo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: mkrepo --sample DIR\n       mkrepo [flags] DIR")
		flags.PrintDefaults()
	}
	sample := flags.Bool("sample", false, "make the repository of the demonstration; no other flag counts")
	flags.IntVar(&spec.Kernels, "kernels", spec.Kernels, "number of kernels")
	flags.IntVar(&spec.Packages, "packages", spec.Packages, "packages in each kernel")
	flags.Int64Var(&spec.MetaBytes, "meta-bytes", spec.MetaBytes, "bytes of conda-meta records in each kernel")
	flags.StringVar(&spec.Language, "language", spec.Language, "Python, R or mixed")
	flags.Uint64Var(&spec.Seed, "seed", spec.Seed, "seed of all that is made up")
	flags.BoolVar(&spec.Share, "share", spec.Share, "hard link files between kernels; not for benchmarks of reading")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() != 1:
		flags.Usage()
		return 2
	}
	write := func(dir string) error { return testrepo.Generate(dir, spec) }
	if *sample {
		write = testrepo.Sample
	}
	if err := write(flags.Arg(0)); err != nil {
		fmt.Fprintln(stderr, "mkrepo:", err)
		return 1
	}
	return 0
}
