package testrepo

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed sample/kernels.txt
var kernelsText string

// definition is a kernel of the sample, or a set of packages that several share.
type definition struct {
	path    string // <Language>/<name>/<version>, or the name of a set.
	date    time.Time
	conda   string
	specs   []string
	info    []string
	rows    map[string]row // By name.
	library map[string]rRow
	pip     []DistInfo
}

// row is one conda package of a kernel.
type row struct {
	name, version, build, channel string
	date                          time.Time // Of the set or kernel that names it: no build is younger.
}

// rRow is one package of R that conda knows nothing of.
type rRow struct{ name, version, where string }

// kernelParser reads the table of kernels line by line.
type kernelParser struct {
	sets    map[string]*definition
	kernels []*definition
	current *definition
	channel string
}

// channels are the locations of the channels that the table names.
var channels = map[string]string{
	"bioconda": "https://conda.anaconda.org/bioconda",
	"main":     "https://repo.anaconda.com/pkgs/main",
	"nvidia":   "https://conda.anaconda.org/nvidia",
	"pytorch":  "https://conda.anaconda.org/pytorch",
}

func parseKernels(text string) ([]*definition, error) {
	p := kernelParser{sets: map[string]*definition{}}
	for n, line := range tableLines(text) {
		if err := p.line(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("kernels line %d: %w", n, err)
		}
	}
	return p.kernels, nil
}

func (p *kernelParser) line(words []string) error {
	switch words[0] {
	case "@set", "@kernel":
		return p.begin(words)
	}
	if p.current == nil {
		return fmt.Errorf("%s outside of a kernel", words[0])
	}
	if !strings.HasPrefix(words[0], "@") {
		return p.pkg(words)
	}
	return p.directive(words[0], words[1:])
}

func (p *kernelParser) begin(words []string) error {
	if len(words) < 3 {
		return fmt.Errorf("%s needs a name and a date", words[0])
	}
	d := &definition{path: words[1], rows: map[string]row{}, library: map[string]rRow{}}
	layout := "2006-01-02T15:04:05"
	if words[0] == "@set" {
		layout = time.DateOnly
		p.sets[d.path] = d
	} else {
		p.kernels = append(p.kernels, d)
	}
	if len(words) > 3 {
		d.conda = words[3]
	}
	p.current, p.channel = d, CondaForge
	var err error
	d.date, err = time.Parse(layout, words[2])
	return err
}

func (p *kernelParser) pkg(words []string) error {
	if len(words) < 2 || len(words) > 3 {
		return fmt.Errorf("package %s needs a version and at most a build besides", words[0])
	}
	r := row{name: words[0], version: words[1], channel: p.channel, date: p.current.date}
	if len(words) == 3 {
		r.build = words[2]
	}
	p.current.rows[r.name] = r
	return nil
}

func (p *kernelParser) directive(name string, words []string) error {
	d := p.current
	switch name {
	case "@with":
		for _, set := range words {
			s, ok := p.sets[set]
			if !ok {
				return fmt.Errorf("no set %s", set)
			}
			maps.Copy(d.rows, s.rows)
		}
	case "@like":
		return p.like(words)
	case "@without":
		for _, w := range words {
			delete(d.rows, w)
			delete(d.library, w)
		}
	case "@spec":
		d.specs = words
	case "@info":
		d.info = append(d.info, strings.Join(words, " "))
	case "@channel":
		p.channel = channels[words[0]]
	case "@pip", "@editable", "@r":
		return d.foreign(name, words)
	default:
		return fmt.Errorf("unknown %s", name)
	}
	return nil
}

// like takes what an earlier kernel has.
func (p *kernelParser) like(words []string) error {
	i := slices.IndexFunc(p.kernels, func(d *definition) bool { return d.path == words[0] })
	if i < 0 {
		return fmt.Errorf("no kernel %s before this", words[0])
	}
	from, d := p.kernels[i], p.current
	maps.Copy(d.rows, from.rows)
	maps.Copy(d.library, from.library)
	d.pip, d.specs = slices.Clone(from.pip), from.specs
	return nil
}

// foreign adds what conda did not install.
func (d *definition) foreign(kind string, words []string) error {
	words = append(words, "", "") // Trailing words may be left out.
	if words[1] == "" {
		return fmt.Errorf("%s %s needs a version", kind, words[0])
	}
	switch kind {
	case "@r":
		d.library[words[0]] = rRow{name: words[0], version: words[1], where: words[2]}
	case "@editable":
		d.pip = append(d.pip, NewDistInfo(words[0], words[1]).Editable(words[2]))
	case "@pip":
		dist := NewDistInfo(words[0], words[1])
		dist.Installer = cmp.Or(words[2], dist.Installer)
		dist.Requested = true
		d.pip = append(d.pip, dist)
	}
	return nil
}
