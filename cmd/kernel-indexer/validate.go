package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/manifests"
	"kernelindexer/rootfs"
)

const validateVerb = "validate"

// The exit codes of validate, which asks a question rather than doing something.
const (
	exitInvalid = 1 // the documents contradict a rule or an assertion
	exitTrouble = 2 // they could not be read
)

// validation is one call of validate.
type validation struct {
	dir, kernelRoot string
	noManifests     bool
	asserts         assertions
}

func (p *program) validateCommand() *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   validateVerb + " [DIR]",
		Short: "Check a published pair, its changes and every manifest",
		Long: `Check that the documents in DIR (default: the output directory) are valid and
belong together: that both parse and keep their rules, that their generations
agree with each other and with the content, that each package row of the one is
in the other, that every kernel's manifest says what its entry says or is newer
than the pair (a run that failed published no other), and that the
index_changes.json beside them, if there is one, leads to the pair.

Assertions are jq expressions that must give true (neither false nor null):
  --assert          is given {collated: {indexed_date, generation, total_kernels},
                    index: {indexed_date, generation, total_packages},
                    status: index_status.json or null}
  --assert-kernel   is given each kernel of collated_manifests.json
  --assert-package  is given each package of package_index.json

Exit codes: 0 valid, 1 not valid, 2 trouble (the documents cannot be read).`,
		Example: `  kernel-indexer validate /sw/kernels
  kernel-indexer validate --assert '.collated.total_kernels >= 10' \
      --assert-kernel '.package_count > 0 and .language_version != "unknown"'`,
		Args:    cobra.MaximumNArgs(1),
		PreRunE: p.prepare,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				v.dir = args[0]
				if !cmd.Flags().Changed("kernel-root") {
					v.kernelRoot = v.dir
				}
			}
			return verdict(v.run(cmd.Context(), p))
		},
	}
	f := cmd.Flags()
	f.StringVar(&v.kernelRoot, "kernel-root", defaultRoot, "where the manifests are (default with DIR: DIR)")
	cli.Env(f, "kernel-root", "KERNEL_ROOT")
	f.StringVar(&v.dir, "output-dir", "", "where the pair is, if no DIR is given (default: the kernel root)")
	cli.Env(f, "output-dir", "OUTPUT_DIR")
	f.BoolVar(&v.noManifests, "no-manifests", false, "check the pair only")
	cli.Env(f, "no-manifests", "NO_MANIFESTS")
	f.Var(&v.asserts.store, "assert", "a jq expression that must be true of the whole; repeatable")
	f.Var(&v.asserts.kernel, "assert-kernel", "a jq expression that must be true of each kernel; repeatable")
	f.Var(&v.asserts.pkg, "assert-package", "a jq expression that must be true of each package; repeatable")
	return cmd
}

// verdict gives an error of validate its exit code.
func verdict(err error) error {
	if err == nil {
		return nil
	}
	code := exitTrouble
	if errors.Is(err, manifests.ErrInvalid) || errors.Is(err, manifests.ErrMismatch) || errors.Is(err, errAssertion) {
		code = exitInvalid
	}
	return &cli.ExitError{Code: code, Err: err}
}

// run checks, prints a line for each contradiction to out, and closes with a line for the whole.
func (v *validation) run(ctx context.Context, p *program) error {
	if v.dir == "" {
		v.dir = v.kernelRoot
	}
	out, err := rootfs.Open(v.dir)
	if err != nil {
		return err
	}
	defer out.Close()
	var kernels fs.FS
	if !v.noManifests {
		root, err := rootfs.Open(v.kernelRoot)
		if err != nil {
			return err
		}
		defer root.Close()
		kernels = root
	}
	collated := manifests.Location{FS: out, Name: manifests.CollatedName}
	index := manifests.Location{FS: out, Name: manifests.PackageIndexName}
	sum, err := manifests.ValidateStore(ctx, collated, index, kernels, func(problem error) {
		fmt.Fprintln(p.out, problem)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Clean(v.dir), err)
	}
	if err := v.asserts.check(ctx, collated, index, out); err != nil {
		return fmt.Errorf("%s: %w", filepath.Clean(v.dir), err)
	}
	_, err = fmt.Fprintf(p.out, "valid: %d kernels, %d packages, generation %s\n",
		sum.Kernels, sum.Packages, orNone(sum.Generation))
	if err == nil && sum.Newer > 0 {
		_, err = fmt.Fprintf(p.errOut, "note: %d kernels were indexed after this pair was published: the next collation takes them in\n", sum.Newer)
	}
	return err
}

func orNone(generation string) string {
	if generation == "" {
		return "none (files of the original)"
	}
	return generation
}
