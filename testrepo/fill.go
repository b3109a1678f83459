package testrepo

import (
	"fmt"
	"iter"
	"math"
	"strings"
)

// kernel makes the i-th kernel.
func (g *generator) kernel(i int) (*Prefix, error) {
	c, foreign := g.compose(i)
	p := &Prefix{Specs: []string{c.recipes[0].Name}}
	if err := c.fill(p); err != nil {
		return nil, err
	}
	for range foreign {
		if c.r != "" {
			name := strings.TrimPrefix(c.anyName(RNoarch), "r-")
			c.taken["r-"+name] = true
			p.Library = append(p.Library, NewRPackage(name, strings.ReplaceAll(c.version(RNoarch, name), "_", "-"), c.r))
			continue
		}
		name := c.anyName(PythonNoarch)
		c.taken[name] = true
		p.Pip = append(p.Pip, NewDistInfo(name, c.version(PythonNoarch, name)))
	}
	return p, nil
}

// fill makes the packages, with as many paths as make the records as large as
// they are to be together.
func (c *composer) fill(p *Prefix) error {
	var layouts []iter.Seq[Path]
	var least int64
	var buf []byte
	for _, r := range c.recipes {
		pkg, layout := r.prepare()
		buf = pkg.Record.AppendJSON(buf[:0])
		least += int64(len(buf))
		p.Packages = append(p.Packages, pkg)
		layouts = append(layouts, layout)
	}
	extra := c.MetaBytes - least
	if extra < 0 {
		return fmt.Errorf("%d packages need at least %d bytes of conda-meta, not %d", c.Packages, least, c.MetaBytes)
	}
	var left float64 // What earlier records did not use.
	for i, share := range shares(len(p.Packages), c.dice) {
		left += share * float64(extra)
		if layouts[i] != nil {
			left -= p.Packages[i].grow(layouts[i], left)
		}
		p.Packages[i].finish()
	}
	return nil
}

// grow adds paths of the layout to the record, up to so many bytes of JSON, and
// returns how many it took.
func (p *Package) grow(layout iter.Seq[Path], limit float64) float64 {
	var used float64
	for path := range layout {
		cost := float64(2*len(path.Name) + pathCosts[path.Kind])
		if used+cost > limit {
			break
		}
		used += cost
		p.addPath(path)
	}
	return used
}

// pathCosts are the bytes that a path takes in a record besides its name, which
// is there twice: in files and in paths_data.
var pathCosts = func() (costs [BinaryPrefix + 1]int) {
	for kind := range costs {
		entry := Path{Kind: PathKind(kind)}.appendJSON(nil, false, newDice("cost"))
		costs[kind] = len(entry) + len(",\n      ") + len(",\n    \"\"")
	}
	return costs
}()

// shares returns how bytes spread over n records, as in real environments: one
// in a hundred, and the first in any case, has a lot (together 45 percent), the
// others differ by a factor of about ten.
func shares(n int, d dice) []float64 {
	list := make([]float64, n)
	large := max(1, n/100)
	var sumLarge, sumRest float64
	for i := range list {
		if i < large {
			list[i] = 1 / (float64(i) + 1.5)
			sumLarge += list[i]
			continue
		}
		list[i] = math.Exp(0.8 * d.NormFloat64())
		sumRest += list[i]
	}
	for i := range list {
		if i < large {
			list[i] *= 0.45 / sumLarge
		} else {
			list[i] *= 0.55 / sumRest
		}
	}
	return list
}
