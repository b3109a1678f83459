package pypi

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// layout is the way a package was laid down.
type layout int

const (
	distInfo layout = iota // a .dist-info folder: pip, and most others today
	eggInfo                // .egg-info or .egg: distutils and old setuptools
	eggLink                // an .egg-link to a source folder: setup.py develop
)

// dist is one package on disk.
type dist struct {
	fsys   fs.FS
	layout layout
	// path is the folder with the metadata files, or the metadata file itself.
	path string
	// folder has the files that lie beside the metadata. If path is a file this
	// is the folder around it: for a lone .egg-info file site-packages itself,
	// whose stray requires.txt conda takes for the package's.
	folder string
}

// locate finds the package of an anchor (conda list, SPEC 6). A package whose
// folder is not there is an error, not a skipped package.
func locate(fsys fs.FS, dir string, a Anchor, env Env) (*dist, error) {
	d := &dist{fsys: fsys, layout: eggInfo, path: path.Join(dir, string(a))}
	switch {
	case strings.HasSuffix(string(a), ".egg-link"):
		target, err := followEggLink(fsys, d.path, env)
		if err != nil {
			return nil, err
		}
		d.layout, d.path = eggLink, target
	case strings.Contains(belowPrefix(d.path, env.Prefix), ".dist-info"):
		// Anywhere in the path, so "x.dist-info.egg" is of this layout too.
		d.layout, d.path = distInfo, path.Dir(d.path)
	case strings.HasSuffix(string(a), ".egg-info"):
		// The file itself.
	case strings.Contains(string(a), ".egg"):
		d.path = path.Dir(d.path)
	default:
		return nil, fmt.Errorf("not an anchor")
	}

	k, err := kindOf(fsys, d.path)
	if err != nil {
		return nil, err
	}
	switch k {
	case regular:
		d.folder = path.Dir(d.path)
	case folder:
		d.folder = d.path
	default:
		return nil, fmt.Errorf("neither a file nor a folder: %w", whyNot(fsys, d.path))
	}
	return d, nil
}

// belowPrefix returns name relative to prefix, or name if it is not below it.
func belowPrefix(name, prefix string) string {
	if rest, ok := strings.CutPrefix(name, prefix+"/"); ok {
		return rest
	}
	return name
}

// readMetadata reads the package's METADATA or PKG-INFO. Without such a file
// the metadata is empty, which is no error yet.
func (d *dist) readMetadata() (metadata, error) {
	name, err := d.metadataFile()
	if err != nil || name == "" {
		return metadata{}, err
	}
	text, err := readText(d.fsys, name)
	if err != nil {
		return metadata{}, err
	}
	return parseMetadata(text, name), nil
}

// metadataFile returns the path of the metadata file, or "" if there is none
// and the layout can do without.
func (d *dist) metadataFile() (string, error) {
	if d.layout == distInfo {
		ok, err := d.has("METADATA")
		if err != nil {
			return "", err
		}
		if !ok {
			return "", fmt.Errorf("%w: %w", ErrSkipped, whyNot(d.fsys, path.Join(d.folder, "METADATA")))
		}
	}
	if d.path != d.folder {
		// A dist-info that is a file, beside a METADATA in site-packages.
		if !strings.HasSuffix(d.path, ".egg-info") && !strings.HasSuffix(d.path, "METADATA") &&
			!strings.HasSuffix(d.path, "PKG-INFO") {
			return "", fmt.Errorf("%s: a file in the place of a folder", d.path)
		}
		return d.path, nil
	}
	for _, name := range [...]string{"METADATA", "PKG-INFO"} {
		if ok, err := d.has(name); err != nil || ok {
			return path.Join(d.folder, name), err
		}
	}
	return "", nil
}

// has reports whether the folder has a regular file of that name.
func (d *dist) has(name string) (bool, error) {
	k, err := kindOf(d.fsys, path.Join(d.folder, name))
	return k == regular, err
}

// checkRequirements finds the requirements whose markers conda cannot
// evaluate. They come from the metadata, or where that has none and the
// layout is an older one, from a file of their own.
func (d *dist) checkRequirements(m metadata) error {
	requirements, source := m.requirements(), m.file
	if len(requirements) == 0 && d.layout != distInfo {
		var err error
		if requirements, source, err = d.readRequires(); err != nil {
			return err
		}
	}
	for _, r := range requirements {
		if err := checkRequirement(r); err != nil {
			return fmt.Errorf("%s: requirement %s: %w", source, quote(r), err)
		}
	}
	return nil
}

// readRequires reads the first of requires.txt and depends.txt that is a
// regular file, and returns its requirements and its path.
func (d *dist) readRequires() (requirements []string, file string, err error) {
	for _, name := range [...]string{"requires.txt", "depends.txt"} {
		ok, err := d.has(name)
		if err != nil {
			return nil, "", err
		}
		if !ok {
			continue
		}
		file := path.Join(d.folder, name)
		text, err := readText(d.fsys, file)
		if err != nil {
			return nil, "", err
		}
		return parseRequires(string(text)), file, nil
	}
	return nil, "", nil
}

// checkManifest checks the list of installed files as far as conda reads it:
// RECORD always, installed-files.txt if it is there. SOURCES.txt and what an
// egg-link leads to are not read.
func (d *dist) checkManifest(env Env) error {
	name, below := "RECORD", ""
	switch d.layout {
	case distInfo:
	case eggLink:
		return nil
	case eggInfo:
		name, below = "installed-files.txt", path.Base(d.folder)
		if ok, err := d.has(name); err != nil || !ok {
			return err
		}
	}
	file := path.Join(d.folder, name)
	text, err := readText(d.fsys, file)
	if err != nil {
		return err
	}
	if err := checkRecord(text, below, env.PythonVersion); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// quote makes foreign text fit for an error message.
func quote(s string) string {
	const most = 200
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
