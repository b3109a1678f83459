package condaenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"kernelindexer/condaenv/channel"
	"kernelindexer/condaenv/pyjson"
)

// Files lists prefixes by reading their files. It starts no process and writes nothing. It is safe for concurrent use;
// listings running side by side share what they learn of MatchSpecs.
type Files struct {
	fsys    fs.FS
	host    string
	workDir string
	specs   *specCache
}

// NewFiles returns a lister of the prefixes in fsys. host is the absolute path of fsys's root where conda would run
// ("/" for the file system of an image): absolute paths in egg-links are told by it. Relative ones count from fsys's
// root, which is the working directory the conda lister gives conda.
func NewFiles(fsys fs.FS, host string) *Files {
	return &Files{fsys: fsys, host: host, workDir: ".", specs: newSpecCache()}
}

// List returns what `conda list --json --prefix PREFIX` would print of the prefix, a slash path in the file system.
// Its errors are what conda fails on, [ErrNoPrefix] and [ErrNotEnvironment] among them; they name the file.
func (l *Files) List(ctx context.Context, prefix string) (Listing, error) {
	env, err := l.records(ctx, prefix)
	if err != nil {
		return Listing{}, err
	}
	if err := env.sitePackages(ctx); err != nil {
		return Listing{}, err
	}
	return env.listing(), nil
}

// records begins an environment with what conda has records of.
func (l *Files) records(ctx context.Context, prefix string) (*environment, error) {
	if err := checkEnvironment(l.fsys, prefix); err != nil {
		return nil, err
	}
	settings, err := channel.Load(l.fsys, prefix)
	if err != nil {
		return nil, fmt.Errorf("condarc: %w", err)
	}
	records, warnings, err := readRecords(ctx, l.fsys, prefix)
	if err != nil {
		return nil, err
	}
	for _, ignored := range settings.Ignored() {
		warnings = append(warnings, ignored.Error())
	}
	env := &environment{lister: l, prefix: prefix, settings: settings, byName: map[string]*entry{}, warnings: warnings}
	return env, env.add(records)
}

// checkEnvironment tells an environment from what is none: conda-meta/history must be a regular file.
func checkEnvironment(fsys fs.FS, prefix string) error {
	info, err := fs.Stat(fsys, prefix)
	if err != nil || !info.IsDir() {
		if errors.Is(err, fs.ErrNotExist) || err == nil {
			return ErrNoPrefix
		}
		return fmt.Errorf("%w: %w", ErrNoPrefix, err)
	}
	info, err = fs.Stat(fsys, prefix+"/conda-meta/history")
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotEnvironment, err)
	case err != nil || !info.Mode().IsRegular():
		return ErrNotEnvironment
	}
	return nil
}

// environment is a prefix on its way to a listing.
type environment struct {
	lister   *Files
	prefix   string
	settings *channel.Settings
	byName   map[string]*entry
	order    []*entry // the conda records in the order they came
	warnings []string

	pythonVersion string
}

// entry is one name of the list: a conda record or a package that pip left.
type entry struct {
	Package
	record    *record
	canonical string // the canonical name of a record's channel
}

// add enters the records by name, the later of two of one name, and finds out their channels.
func (e *environment) add(records []fileRecord) error {
	last := make(map[string]int, len(records))
	for i, r := range records {
		last[r.name] = i
	}
	for i, r := range records {
		if last[r.name] != i {
			continue
		}
		if r.problem != nil {
			return fmt.Errorf("conda-meta/%s: %w", r.file, r.problem)
		}
		from, err := e.channel(r.record)
		if err != nil {
			return fmt.Errorf("conda-meta/%s: channel: %w", r.file, err)
		}
		pkg := &entry{
			Package: Package{Name: r.name, Version: r.version, Build: r.build, Channel: from.name},
			record:  r.record, canonical: from.canonical,
		}
		e.byName[r.name] = pkg
		e.order = append(e.order, pkg)
	}
	return nil
}

// channelNames are the two names of a record's channel.
type channelNames struct{ name, canonical string }

// channel finds out the names of a record's channel.
func (e *environment) channel(r *record) (channelNames, error) {
	var c *channel.Channel
	var err error
	switch r.channel.from {
	case channelFromName:
		c, err = e.settings.Channel(r.channel.text)
	case channelFromURL:
		c, err = e.settings.ChannelFromURL(r.channel.text)
	case channelNull:
		return channelNames{}, nil
	case channelUnknown:
		return channelNames{name: channel.Unknown, canonical: channel.Unknown}, nil
	}
	if err != nil {
		return channelNames{}, err
	}
	return channelNames{name: c.Name(), canonical: c.CanonicalName()}, nil
}

// listing prints the entries as conda does, by code point, in text that any reader takes.
func (e *environment) listing() Listing {
	list := Listing{Packages: make([]Package, 0, len(e.byName)), Warnings: e.warnings}
	for _, pkg := range e.byName {
		list.Packages = append(list.Packages, pkg.Package)
	}
	slices.SortFunc(list.Packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	for i := range list.Packages {
		list.Packages[i] = list.Packages[i].valid()
	}
	return list
}

// valid returns p with its texts as valid UTF-8.
func (p Package) valid() Package {
	return Package{
		Name: pyjson.Valid(p.Name), Version: pyjson.Valid(p.Version),
		Build: pyjson.Valid(p.Build), Channel: pyjson.Valid(p.Channel),
	}
}
