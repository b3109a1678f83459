package pypi

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrSkipped marks a package that conda passes over in silence: a file it
// needs is missing or closed to it, or the target of an egg-link is gone
// (conda list, SPEC 6.4).
var ErrSkipped = errors.New("conda skips this package")

// ErrNoVersion marks a package that conda passes over with a warning: its
// metadata has no Version header (conda list, SPEC 6.1 rule 5).
var ErrNoVersion = errors.New("no Version in the metadata")

// Package is a Python package that no conda record owns, as conda lists it.
type Package struct {
	Name    string // normalised: see normalName; empty if the metadata has none
	Version string // as written, with blanks and line breaks; may be empty
	Channel string // "pypi", or "<develop>" for egg-links
	Build   string // "pypi_0", or "dev_0" for egg-links
}

// Env is what reading a package needs to know of its surroundings.
type Env struct {
	// Prefix is the path of the environment in the file system, links resolved.
	// Conda looks for endings in paths relative to it. Empty or "." if the file
	// system is the environment, or if unknown.
	Prefix string
	// PythonVersion is the version of the environment's python record, which is
	// never empty in an environment whose packages are read. If it has no minor
	// number ("3"), RECORD must not name Python files. Empty: not checked.
	PythonVersion string
	// WorkDir is the working directory of the conda process, as a path in the
	// file system: relative egg-links are relative to it. Empty if it is
	// elsewhere; then they are skipped.
	WorkDir string
	// HostRoot is the absolute path of the root of the file system on the host
	// that wrote the egg-links. Absolute egg-links outside of it are skipped,
	// all of them if it is empty.
	HostRoot string
}

// Read reads the package of an anchor that no conda record owns. dir is its
// site-packages folder, as for Anchors.
//
// An error that is ErrSkipped or ErrNoVersion says that conda goes on without
// this package. Any other error means that conda's whole listing fails; it
// names the file at fault and what is wrong with it. Two kinds of error are
// ours alone and stand where conda would skip or read on: failures of the
// machine, such as an I/O error, and files of more than 256 MiB.
func Read(fsys fs.FS, dir string, a Anchor, env Env) (Package, error) {
	p, err := read(fsys, dir, a, env)
	if err != nil {
		return Package{}, fmt.Errorf("python package %s: %w", a, err)
	}
	return p, nil
}

// read does conda's steps in conda's order. The order matters: the first of
// two faults decides between a package that is skipped and a failing listing,
// and the version, though parsed first, is missed last.
func read(fsys fs.FS, dir string, a Anchor, env Env) (Package, error) {
	d, err := locate(fsys, dir, a, env)
	if err != nil {
		return Package{}, err
	}
	m, err := d.readMetadata()
	if err != nil {
		return Package{}, err
	}
	if err := d.checkRequirements(m); err != nil {
		return Package{}, err
	}
	if err := d.checkManifest(env); err != nil {
		return Package{}, err
	}
	if !m.hasVersion {
		return Package{}, ErrNoVersion
	}
	p := Package{Name: normalName(m.name), Version: m.version, Channel: "pypi", Build: "pypi_0"}
	if d.layout == eggLink {
		p.Channel, p.Build = "<develop>", "dev_0"
	}
	return p, nil
}
