package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/cli"
	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
)

// packageList answers search.
type packageList struct {
	catalog.Origin
	Total    int            `json:"total"` // without the limit
	Query    string         `json:"query"`
	Packages []foundPackage `json:"packages"`
	near     []string       // what may have been meant, if there is none
}

// foundPackage is a package with the kernels that have it. KernelCount is the number of rows, as everywhere: a kernel
// with an R entry and a conda record of one name has two.
type foundPackage struct {
	Name        string       `json:"name"`
	KernelCount int          `json:"kernel_count"`
	Kernels     []packageRow `json:"kernels"`
}

// packageRow is a package in one kernel, as the server has it.
type packageRow struct {
	Language      string           `json:"language"`
	KernelName    string           `json:"kernel_name"`
	KernelVersion string           `json:"kernel_version"`
	Version       string           `json:"version"`
	Source        manifests.Source `json:"source"`
	Build         string           `json:"build,omitempty"`
	Channel       string           `json:"channel,omitempty"`
}

func (r *packageRow) path() string {
	return manifests.KernelKey{Language: r.Language, Name: r.KernelName, Version: r.KernelVersion}.String()
}

func (p *program) searchCommand() *cobra.Command {
	var language string
	var limit int
	cmd := &cobra.Command{
		Use:   "search TEXT",
		Short: "List the packages with a text in their names",
		Long: `List the packages with a text in their names, whatever the case, with the versions
there are and the number of kernels that have one. wide lists every kernel.

Exit codes: 0 found, 1 none, 2 trouble.`,
		Example:           "  kernels search numpy\n  kernels search openssl -o wide",
		Args:              arguments(cobra.ExactArgs(1)),
		ValidArgsFunction: p.completePackages,
		PreRunE:           p.prepare,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			list := searchPackages(c, args[0], language, limit)
			if err := p.print(cmd.Context(), list); err != nil {
				return err
			}
			if list.Total == 0 {
				return errNothing
			}
			return nil
		},
	}
	p.languageFlag(cmd, &language)
	p.limitFlag(cmd, &limit, "packages")
	return cmd
}

// languageFlag limits a command to the kernels of one language.
func (p *program) languageFlag(cmd *cobra.Command, language *string) {
	cmd.Flags().StringVarP(language, "language", "l", "", "only kernels of this language, as its directory is spelled")
	cli.Env(cmd.Flags(), "language", "KERNELS_LANGUAGE")
	p.completeFlag(cmd, "language", p.completeLanguages)
}

// limitFlag limits how much a command prints.
func (p *program) limitFlag(cmd *cobra.Command, limit *int, of string) {
	cmd.Flags().Var(countFlag{limit}, "limit", "at most so many "+of+"; 0 is all")
	cli.Env(cmd.Flags(), "limit", "KERNELS_LIMIT")
	p.completeFlag(cmd, "limit", cobra.NoFileCompletions)
}

func searchPackages(c *catalog.Catalog, text, language string, limit int) *packageList {
	list := &packageList{Origin: c.Origin(), Query: text}
	for pkg := range c.Search(text) {
		found := foundPackage{Name: pkg.Name()}
		for r := range pkg.Rows() {
			key := r.Key()
			if language != "" && key.Language != language {
				continue
			}
			found.Kernels = append(found.Kernels, packageRow{
				key.Language, key.Name, key.Version, r.Version(), r.Source(), r.Build(), r.Channel(),
			})
		}
		if len(found.Kernels) == 0 {
			continue
		}
		found.KernelCount = len(found.Kernels)
		list.Total++
		if limit == 0 || list.Total <= limit {
			list.Packages = append(list.Packages, found)
		}
	}
	if list.Total == 0 {
		list.near = c.NearestPackages(text, namesShown)
	}
	return list
}

func (l *packageList) object() any { return l }

func (l *packageList) records() ([]string, [][]string) {
	var rows [][]string
	for i := range l.Packages {
		for j := range l.Packages[i].Kernels {
			r := &l.Packages[i].Kernels[j]
			rows = append(rows, []string{
				l.Packages[i].Name, r.Version, r.Build, r.Channel, string(r.Source), r.Language, r.KernelName, r.KernelVersion,
			})
		}
	}
	return []string{"name", "version", "build", "channel", "source", "language", "kernel_name", "kernel_version"}, rows
}

func (l *packageList) print(s *screen, wide bool) {
	if l.Total == 0 {
		s.line(bad, "No package has %q in its name", l.Query)
		if len(l.near) > 0 {
			s.line(plain, "Did you mean %s?", strings.Join(l.near, " or "))
		}
		return
	}
	header := []string{"PACKAGE", "KERNELS", "VERSIONS", "SOURCES"}
	if wide {
		header = []string{"PACKAGE", "VERSION", "SOURCE", "BUILD", "CHANNEL", "KERNEL"}
	}
	var rows [][]cell
	for i := range l.Packages {
		pkg := &l.Packages[i]
		if !wide {
			rows = append(rows, pkg.summary())
			continue
		}
		for j := range pkg.Kernels {
			r := &pkg.Kernels[j]
			rows = append(rows, append(texted(pkg.Name, r.Version, string(r.Source), r.Build, r.Channel), cell{r.path(), kernel}))
		}
	}
	s.table(header, rows)
	if l.Total > len(l.Packages) {
		s.line(faint, "%d of %s; --limit 0 shows all", len(l.Packages), count(l.Total, "package"))
	}
}

// releasesShown is how many different versions a line of a table lists.
const releasesShown = 4

// summary is the line of a package: the newest versions first.
func (f *foundPackage) summary() []cell {
	var versions, sources, kernels []string
	for i := range f.Kernels {
		r := &f.Kernels[i]
		versions = append(versions, r.Version)
		sources = append(sources, string(r.Source))
		kernels = append(kernels, r.path())
	}
	versions, sources, kernels = unique(versions), unique(sources), unique(kernels)
	slices.SortStableFunc(versions, func(a, b string) int { return -compareVersions(a, b) })
	shown := strings.Join(versions[:min(len(versions), releasesShown)], ", ")
	if more := len(versions) - releasesShown; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return texted(f.Name, fmt.Sprint(len(kernels)), shown, strings.Join(sources, ", "))
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// compareVersions is conda's order; texts that are no versions come first.
func compareVersions(a, b string) int {
	v, errV := matchspec.ParseVersion(a)
	w, errW := matchspec.ParseVersion(b)
	switch {
	case errV == nil && errW == nil:
		return v.Compare(w)
	case errV == nil:
		return 1
	case errW == nil:
		return -1
	}
	return strings.Compare(a, b)
}
