package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kernelindexer/catalog"
	"kernelindexer/cli"
)

func (p *program) diffCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "diff KERNEL KERNEL",
		Short: "Show how two kernels differ",
		Long: `Show what became of the packages of the first kernel in the second: added,
removed, upgraded, downgraded or rebuilt (the same version of another build or
channel). Packages are the same by name and source. Tables and CSV leave out what
is the same unless --all asks for it; JSON and YAML always have everything.

Exit codes, as of diff(1): 0 the same, 1 different, 2 trouble.`,
		Example:           "  kernels diff R/pecan/1.9 R/pecan/1.91\n  kernels diff R/pecan/1.9 R/pecan/1.91 --jq .counts",
		Args:              arguments(cobra.ExactArgs(2)),
		ValidArgsFunction: p.completeKernels(2),
		PreRunE:           p.prepare,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, argument := range args {
				if _, err := parseKey(argument); err != nil {
					return err
				}
			}
			c, err := p.load(cmd.Context())
			if err != nil {
				return err
			}
			a, err := kernelOf(c, args[0])
			if err != nil {
				return err
			}
			b, err := kernelOf(c, args[1])
			if err != nil {
				return err
			}
			compared := catalog.Compare(a, b)
			if err := p.print(cmd.Context(), &comparison{compared, all}); err != nil {
				return err
			}
			if compared.Counts.Same < len(compared.Packages) {
				return errDiffers
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also show the packages that are the same")
	cli.Env(cmd.Flags(), "all", "KERNELS_DIFF_ALL")
	return cmd
}

// comparison answers diff. Its object is the catalog's, which the server gives as well.
type comparison struct {
	catalog.Comparison
	all bool
}

func (c *comparison) object() any { return c.Comparison }

// shown returns the packages that tables have.
func (c *comparison) shown() []catalog.Differ {
	var shown []catalog.Differ
	for _, d := range c.Packages {
		if c.all || d.Change != catalog.Same {
			shown = append(shown, d)
		}
	}
	return shown
}

// edition returns what a kernel has, which may be nothing.
func edition(e *catalog.Edition) catalog.Edition {
	if e == nil {
		return catalog.Edition{}
	}
	return *e
}

func (c *comparison) records() ([]string, [][]string) {
	shown := c.shown()
	rows := make([][]string, len(shown))
	for i, d := range shown {
		a, b := edition(d.A), edition(d.B)
		rows[i] = []string{
			string(d.Change), d.Name, string(d.Source), a.Version, b.Version, a.Build, b.Build, a.Channel, b.Channel,
		}
	}
	return []string{"change", "name", "source", "version_a", "version_b", "build_a", "build_b", "channel_a", "channel_b"}, rows
}

// changeStyles are the colours of the changes.
var changeStyles = map[catalog.Change]style{
	catalog.Added: good, catalog.Upgraded: good, catalog.Removed: bad, catalog.Downgraded: bad, catalog.Same: faint,
}

func (c *comparison) print(s *screen, wide bool) {
	a, b := c.A.Key().String(), c.B.Key().String()
	s.line(head, "From %s to %s: %s", a, b, inWords(c.Counts))
	shown := c.shown()
	if len(shown) == 0 {
		return
	}
	s.blank()
	header := []string{"CHANGE", "PACKAGE", "SOURCE", a, b}
	if wide {
		header = append(header, "BUILD", "BUILD", "CHANNEL", "CHANNEL")
	}
	rows := make([][]cell, len(shown))
	for i, d := range shown {
		x, y := edition(d.A), edition(d.B)
		rows[i] = []cell{{string(d.Change), changeStyles[d.Change]}}
		if wide {
			rows[i] = append(rows[i], texted(d.Name, string(d.Source), x.Version, y.Version, x.Build, y.Build, x.Channel, y.Channel)...)
			continue
		}
		rows[i] = append(rows[i], texted(d.Name, string(d.Source), told(x, d.Change), told(y, d.Change))...)
	}
	s.table(header, rows)
}

// told returns a version, with what else has changed where the versions do not show it.
func told(e catalog.Edition, change catalog.Change) string {
	if change != catalog.Rebuilt {
		return e.Version
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Version, e.Build, e.Channel))
}

// inWords puts the counts into words; changed has its parts behind it.
func inWords(n catalog.Counts) string {
	if n.Added+n.Removed+n.Changed() == 0 {
		return fmt.Sprintf("no difference, %d the same", n.Same)
	}
	var parts []string
	for _, part := range []struct {
		n    int
		word catalog.Change
	}{{n.Upgraded, catalog.Upgraded}, {n.Downgraded, catalog.Downgraded}, {n.Rebuilt, catalog.Rebuilt}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	changed := fmt.Sprintf("%d changed", n.Changed())
	if len(parts) > 0 {
		changed += " (" + strings.Join(parts, ", ") + ")"
	}
	return fmt.Sprintf("%d added, %d removed, %s, %d the same", n.Added, n.Removed, changed, n.Same)
}
