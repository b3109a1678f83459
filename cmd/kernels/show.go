package main

import (
	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// shownKernel answers show.
type shownKernel struct {
	catalog.Origin
	catalog.Summary
	Packages []manifests.Package `json:"packages"`
	use      string
}

func (p *program) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show LANGUAGE/NAME/VERSION",
		Short: "Show what a kernel holds",
		Long: `Show a kernel and its packages. The source of a package is r for an entry of the R
library, conda for a conda record, python for what "conda list" shows of a
Python kernel. wide also shows builds and channels.

Exit codes: 0 shown, 2 trouble, also where there is no such kernel.`,
		Example:           "  kernels show R/pecan/1.91\n  kernels show Python/astro/1.0 --jq '.packages[].name'",
		Args:              arguments(cobra.ExactArgs(1)),
		ValidArgsFunction: p.completeKernels(1),
		PreRunE:           p.prepare,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, k, err := p.kernel(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			shown := shownKernel{Origin: c.Origin(), Summary: k.Summary(), use: p.useLine(k.Key())}
			for r := range k.Rows() {
				shown.Packages = append(shown.Packages, r.Package())
			}
			return p.print(cmd.Context(), &shown)
		},
	}
}

func (k *shownKernel) object() any { return k }

func (k *shownKernel) records() ([]string, [][]string) {
	rows := make([][]string, len(k.Packages))
	for i := range k.Packages {
		pkg := &k.Packages[i]
		rows[i] = []string{pkg.Name, pkg.Version, pkg.Build, pkg.Channel, string(pkg.Source)}
	}
	return []string{"name", "version", "build", "channel", "source"}, rows
}

func (k *shownKernel) print(s *screen, wide bool) {
	s.line(kernel, "%s", k.Key().String())
	for _, fact := range [][2]string{
		{"Description", k.Description},
		{"Maintainer", k.Maintainer},
		{"Remarks", remarks(k.KernelInfo)},
		{"Language", k.Language + " " + k.LanguageVersion},
		{"Indexed", k.IndexedDate},
		{"Use it with", k.use},
	} {
		if fact[1] != "" {
			s.line(plain, "%-12s %s", fact[0]+":", fact[1])
		}
	}
	s.line(plain, "%-12s %d", "Packages:", len(k.Packages))
	if len(k.Packages) == 0 {
		return
	}
	s.blank()
	header := []string{"PACKAGE", "VERSION", "SOURCE"}
	if wide {
		header = append(header, "BUILD", "CHANNEL")
	}
	rows := make([][]cell, len(k.Packages))
	for i := range k.Packages {
		pkg := &k.Packages[i]
		rows[i] = texted(pkg.Name, pkg.Version, string(pkg.Source))
		if wide {
			rows[i] = append(rows[i], texted(pkg.Build, pkg.Channel)...)
		}
	}
	s.table(header, rows)
}
