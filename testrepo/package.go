package testrepo

import "strings"

// Package is a conda package in a prefix: the record and what it owns.
type Package struct {
	Record Record
	Dists  []DistInfo
	R      []RPackage
}

func (p *Package) addPath(path Path) {
	p.Record.Paths = append(p.Record.Paths, path)
}

func (p *Package) addDist(d DistInfo, site string) {
	for _, f := range d.files() {
		p.addPath(Path{site + "/" + d.Folder() + "/" + f.name, Hardlink})
	}
	p.Dists = append(p.Dists, d)
}

func (p *Package) addR(r RPackage) {
	p.addPath(Path{"lib/R/library/" + r.Folder + "/DESCRIPTION", Hardlink})
	p.addPath(Path{"lib/R/library/" + r.Folder + "/Meta/package.rds", Hardlink})
	p.R = append(p.R, r)
}

// finish orders the paths and lets the dist-info's RECORD list the modules.
func (p *Package) finish() {
	sortPaths(p.Record.Paths)
	if len(p.Dists) != 1 {
		return
	}
	const marker = "/site-packages/"
	d := &p.Dists[0]
	for _, path := range p.Record.Paths {
		i := strings.Index(path.Name, marker)
		if i < 0 || path.Kind == Bytecode {
			continue
		}
		if module := path.Name[i+len(marker):]; !strings.HasPrefix(module, d.Folder()+"/") {
			d.Modules = append(d.Modules, module)
		}
	}
}
