package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/cli"
	"kernelindexer/condaenv/matchspec"
	"kernelindexer/manifests"
)

// nearShown is how many near misses find lists unless it is told.
const nearShown = 5

// finding is one call of find.
type finding struct {
	language    string
	exact       bool
	limit, near int
}

func (p *program) findCommand() *cobra.Command {
	f := finding{near: nearShown}
	cmd := &cobra.Command{
		Use:   "find SPEC...",
		Short: "Find the kernels that have all of some packages",
		Long: `Find the kernels that satisfy all specs, and those that come near, with the reason
for each miss.

A spec is one of conda's: numpy, numpy>=2,<3, pytorch[build=*cuda*],
conda-forge::gdal; sf[source=r] asks for the R library. Quote it, or the shell
takes > for a file.

Names fold: case and the difference of - _ . do not count, and sf is R's package
and conda's r-sf; the answer says which it was. --exact takes names as written.

Exit codes: 0 found, 1 no kernel satisfies all, 2 trouble.`,
		Example: `  kernels find 'numpy>=2' scipy
  kernels find 'sf>=1.0' 'Rcpp>=1.0.12' --language R -o wide
  kernels find numpy --json --jq '.matches[] | .kernel_name'`,
		Args:              arguments(cobra.MinimumNArgs(1)),
		ValidArgsFunction: p.completePackages,
		PreRunE:           p.prepare,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			found, err := f.ask(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			hints, err := f.hints(cmd.Context(), c, found)
			if err != nil {
				return err
			}
			if err := p.print(cmd.Context(), &foundKernels{Answer: found, hints: hints, use: p.useLine}); err != nil {
				return err
			}
			if found.TotalMatches == 0 {
				return errNothing
			}
			return nil
		},
	}
	p.languageFlag(cmd, &f.language)
	p.limitFlag(cmd, &f.limit, "kernels")
	flags := cmd.Flags()
	flags.Var(countFlag{&f.near}, "near", "at most so many near misses; 0 is none")
	cli.Env(flags, "near", "KERNELS_NEAR")
	flags.BoolVar(&f.exact, "exact", false, "take names as they are written")
	cli.Env(flags, "exact", "KERNELS_EXACT")
	return cmd
}

// ask puts the question to the catalog. What is wrong with a spec is an error of the command line.
func (f *finding) ask(ctx context.Context, c *catalog.Catalog, specs []string) (catalog.Answer, error) {
	found, err := c.Find(ctx, catalog.Query{
		Specs: specs, Language: f.language, Exact: f.exact,
		Matches: catalog.Page{Limit: f.limit}, NearMisses: catalog.Page{Limit: f.near},
	})
	var wrong *matchspec.ParseError
	if errors.As(err, &wrong) {
		return found, &usageError{err}
	}
	if f.near == 0 {
		found.NearMisses = []catalog.NearMiss{}
	}
	return found, err
}

// namesShown is how many other names a hint has.
const namesShown = 3

// hints says of each spec that no kernel has a package for, if nothing was found, which names may have been meant.
func (f *finding) hints(ctx context.Context, c *catalog.Catalog, found catalog.Answer) ([]string, error) {
	if found.TotalMatches > 0 {
		return nil, nil
	}
	var hints []string
	for _, text := range found.Specs {
		alone, err := c.Find(ctx, catalog.Query{
			Specs: []string{text}, Exact: f.exact, Matches: catalog.Page{Limit: 1}, NearMisses: catalog.Page{Limit: 1},
		})
		if err != nil {
			return nil, err
		}
		spec, err := matchspec.Parse(text)
		if alone.TotalMatches+alone.TotalNearMisses > 0 || err != nil || !spec.IsExactName() {
			continue
		}
		hint := "No kernel has a package called " + spec.Name()
		if near := c.NearestPackages(spec.Name(), namesShown); len(near) > 0 {
			hint += "; did you mean " + strings.Join(near, " or ") + "?"
		}
		hints = append(hints, hint)
	}
	return hints, nil
}

// foundKernels answers find. Its object is the catalog's, which the server gives as well.
type foundKernels struct {
	catalog.Answer
	hints []string
	use   func(manifests.KernelKey) string
}

func (f *foundKernels) object() any { return f.Answer }

// The words for what a row of CSV is about.
const (
	rowMatch   = "match"
	rowNear    = "near miss"
	rowMissing = "missing"
)

func (f *foundKernels) records() ([]string, [][]string) {
	var rows [][]string
	add := func(status string, n catalog.Named, spec string, p catalog.Installed, reason string) {
		rows = append(rows, []string{
			status, n.Language, n.Name, n.Version, spec, p.Name, p.Version, p.Build, p.Channel, string(p.Source), reason,
		})
	}
	for _, m := range f.Matches {
		for _, p := range m.Packages {
			add(rowMatch, m.Named, p.Spec, p.Installed, "")
		}
	}
	for _, m := range f.NearMisses {
		for _, p := range m.Packages {
			add(rowNear, m.Named, p.Spec, p.Installed, "")
		}
		for _, miss := range m.Missing {
			for _, p := range miss.Found {
				add(rowMissing, m.Named, miss.Spec, p, miss.Reason)
			}
			if len(miss.Found) == 0 {
				add(rowMissing, m.Named, miss.Spec, catalog.Installed{}, miss.Reason)
			}
		}
	}
	return []string{
		"status", "language", "kernel_name", "kernel_version", "spec", "name", "version", "build", "channel", "source", "reason",
	}, rows
}

func (f *foundKernels) print(s *screen, wide bool) {
	f.title(s)
	for _, hint := range f.hints {
		s.line(plain, "%s", hint)
	}
	switch {
	case len(f.Matches) > 0 && wide:
		s.table([]string{"KERNEL", "SPEC", "PACKAGE", "VERSION", "SOURCE", "BUILD", "CHANNEL"}, f.wideRows())
	case len(f.Matches) > 0:
		s.table(append([]string{"KERNEL"}, f.Specs...), f.rows())
	}
	if len(f.NearMisses) > 0 {
		s.blank()
		s.line(head, "Near misses: %d of %d", len(f.NearMisses), f.TotalNearMisses)
		f.printNear(s)
	}
	if len(f.Matches) > 0 {
		if use := f.use(f.Matches[0].Key()); use != "" {
			s.blank()
			s.line(plain, "Use the first with: %s", use)
		}
	}
}

// title says how many kernels there are.
func (f *foundKernels) title(s *screen) {
	specs := strings.Join(f.Specs, ", ")
	switch {
	case f.TotalMatches == 0 && len(f.Specs) > 1:
		s.line(bad, "No kernel has all of %s", specs)
	case f.TotalMatches == 0:
		s.line(bad, "No kernel has %s", specs)
	case f.TotalMatches > len(f.Matches):
		s.line(good, "%s with %s, the first %d:", count(f.TotalMatches, "kernel"), specs, len(f.Matches))
	default:
		s.line(good, "%s with %s:", count(f.TotalMatches, "kernel"), specs)
	}
}

// rows is a line a match, with a column a spec.
func (f *foundKernels) rows() [][]cell {
	rows := make([][]cell, len(f.Matches))
	for i, m := range f.Matches {
		rows[i] = []cell{{m.Key().String(), kernel}}
		for _, spec := range f.Specs {
			rows[i] = append(rows[i], cell{text: satisfying(m.Packages, spec)})
		}
	}
	return rows
}

// satisfyingShown is how many packages that satisfy one spec stand in a line: a pattern can have many.
const satisfyingShown = 3

// satisfying names the packages that satisfy a spec by version and source, and by name where that is not the spec's.
func satisfying(packages []catalog.MatchedPackage, spec string) string {
	var texts []string
	for _, p := range packages {
		if p.Spec != spec {
			continue
		}
		text := p.Version + " " + string(p.Source)
		if !strings.HasPrefix(spec, p.Name) || p.Name == "" {
			text = p.Name + " " + text
		}
		texts = append(texts, text)
	}
	if more := len(texts) - satisfyingShown; more > 0 {
		texts = append(texts[:satisfyingShown], fmt.Sprintf("%d more", more))
	}
	return strings.Join(texts, ", ")
}

// wideRows is a line a package.
func (f *foundKernels) wideRows() [][]cell {
	var rows [][]cell
	for _, m := range f.Matches {
		for _, p := range m.Packages {
			rows = append(rows, append([]cell{{m.Key().String(), kernel}},
				texted(p.Spec, p.Name, p.Version, string(p.Source), p.Build, p.Channel)...))
		}
	}
	return rows
}

// printNear prints a line a miss.
func (f *foundKernels) printNear(s *screen) {
	var rows [][]cell
	for _, m := range f.NearMisses {
		path := m.Key().String()
		for _, miss := range m.Missing {
			rows = append(rows, []cell{{path, kernel}, {text: miss.Spec}, {miss.Reason, bad}})
		}
	}
	s.table([]string{"KERNEL", "SPEC", "WHY NOT"}, rows)
}
