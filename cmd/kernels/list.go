package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/cli"
	"kernelindexer/manifests"
)

// remarks returns what the maintainer says that users should know before all else.
func remarks(k manifests.KernelInfo) string {
	switch {
	case k.Deprecated && k.DeprecationNote != "":
		return "deprecated: " + k.DeprecationNote
	case k.Deprecated:
		return "deprecated"
	case k.Default:
		return "default"
	}
	return ""
}

// kernelList answers list.
type kernelList struct {
	catalog.Origin
	Total   int               `json:"total"`
	Kernels []catalog.Summary `json:"kernels"`
}

func (p *program) listCommand() *cobra.Command {
	var filter catalog.Filter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the kernels",
		Long: `List all kernels, or those of one language or of a name, with the version of
their language and the number of their packages. Remarks are those of the
kernel's maintainer; wide also shows the description.

Exit codes: 0 found, 1 none, 2 trouble.`,
		Example: "  kernels list --language R\n  kernels list --name pecan -o csv",
		Args:    arguments(cobra.NoArgs),
		PreRunE: p.prepare,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			list := kernelList{Origin: c.Origin()}
			for k := range c.Kernels(filter) {
				list.Kernels = append(list.Kernels, k.Summary())
			}
			list.Total = len(list.Kernels)
			if err := p.print(cmd.Context(), &list); err != nil {
				return err
			}
			if list.Total == 0 {
				return errNothing
			}
			return nil
		},
	}
	f := cmd.Flags()
	p.languageFlag(cmd, &filter.Language)
	f.StringVar(&filter.Name, "name", "", "only kernels with this in their names, whatever the case")
	cli.Env(f, "name", "KERNELS_NAME")
	return cmd
}

func (l *kernelList) object() any { return l }

func (l *kernelList) records() ([]string, [][]string) {
	rows := make([][]string, len(l.Kernels))
	for i := range l.Kernels {
		k := &l.Kernels[i]
		rows[i] = []string{
			k.Language, k.Name, k.Version, k.LanguageVersion, strconv.Itoa(k.PackageCount), k.IndexedDate,
			remarks(k.KernelInfo), k.Maintainer, k.Description,
		}
	}
	return []string{
		"language", "kernel_name", "kernel_version", "language_version", "package_count", "indexed_date",
		"remarks", "maintainer", "description",
	}, rows
}

func (l *kernelList) print(s *screen, wide bool) {
	if l.Total == 0 {
		s.line(plain, "No kernels")
		return
	}
	header := []string{"KERNEL", "LANGUAGE", "PACKAGES", "INDEXED", "REMARKS"}
	if wide {
		header = append(header, "MAINTAINER", "DESCRIPTION")
	}
	rows := make([][]cell, len(l.Kernels))
	for i := range l.Kernels {
		k := &l.Kernels[i]
		rows[i] = []cell{
			{k.Key().String(), kernel},
			{text: k.Language + " " + k.LanguageVersion},
			{text: strconv.Itoa(k.PackageCount)},
			{k.IndexedDate, faint},
			{remarks(k.KernelInfo), bad},
		}
		if wide {
			rows[i] = append(rows[i], texted(k.Maintainer, k.Description)...)
		}
	}
	s.table(header, rows)
}
