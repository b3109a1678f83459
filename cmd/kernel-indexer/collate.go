package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"kernelindexer/cli"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

func (p *program) collateCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "collate",
		Short: "Publish the pair from the manifests there are",
		Long: `Publish collated_manifests.json and package_index.json from the manifests that
earlier runs wrote, and what they changed in index_changes.json. A kernel
without a manifest is left out with a warning; a manifest that cannot be read
is an error (exit 5).

After "index --shard" it publishes once all shards are done, and ends with 5 if
one failed or is missing. A "run" of one process starts anew.`,
		Args:    cobra.NoArgs,
		PreRunE: both(p.prepare, c.check),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.execute(cmd.Context(), &c, collate(manifests.Publication{
				Collated: manifests.CollatedName, Index: manifests.PackageIndexName,
			}))
		},
	}
	c.rootFlags(cmd.Flags())
	c.outputFlags(cmd.Flags())
	c.shard.collateFlags(cmd.Flags())
	return cmd
}

// document is one of the two that can be collated alone.
type document struct{ verb, short, name string }

var (
	byKernels  = document{"collate-by-kernels", "Write only the document of all kernels", manifests.CollatedName}
	byPackages = document{"collate-by-packages", "Write only the document of all packages", manifests.PackageIndexName}
)

func (p *program) collateOneCommand(d document) *cobra.Command {
	var c config
	var output string
	cmd := &cobra.Command{
		Use:     d.verb,
		Short:   d.short,
		Long:    d.short + " from the manifests there are.\n\nAlone it makes a pair with its companion only if the content is the same.",
		Args:    cobra.NoArgs,
		PreRunE: both(p.prepare, c.check),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "" {
				output = filepath.Join(c.root, d.name)
			}
			abs, err := filepath.Abs(output)
			if err != nil {
				return err
			}
			c.outputDir = filepath.Dir(abs)
			pub := manifests.Publication{Collated: filepath.Base(abs)}
			if d == byPackages {
				pub = manifests.Publication{Index: filepath.Base(abs)}
			}
			return p.execute(cmd.Context(), &c, collate(pub))
		},
	}
	c.rootFlags(cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "", "the file to write (default: "+d.name+" in the kernel root)")
	cli.Env(cmd.Flags(), "output", "OUTPUT")
	return cmd
}

func collate(pub manifests.Publication) func(*indexer.Indexer, context.Context) (manifests.Status, error) {
	return func(x *indexer.Indexer, ctx context.Context) (manifests.Status, error) { return x.Collate(ctx, pub) }
}
