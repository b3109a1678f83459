package testrepo

import (
	"slices"
	"strings"
)

// Record is one document of conda-meta. The zero value of an optional field
// leaves the key out, as conda does.
type Record struct {
	Name, Version, Build string
	BuildNumber          int
	// Channel is the location of the channel without the subdir, such as
	// https://conda.anaconda.org/conda-forge.
	Channel string
	// Subdir is noarch or a platform.
	Subdir string
	// Noarch is "", "generic" or "python".
	Noarch              string
	Depends, Constrains []string
	License             string
	// SitePackages is python_site_packages_path: only records of python have it.
	SitePackages string
	// Requested are the specs that the user asked for, none for a dependency.
	Requested []string
	// Timestamp is the build time in milliseconds since 1970.
	Timestamp int64
	// Ext is the ending of the package file; "" is .conda.
	Ext string
	// Paths is what the package installed, in the order of the record.
	Paths []Path
	// SortedKeys writes the document as conda 25.5 and older did: keys in
	// alphabetical order, and None as the spec that nobody requested.
	SortedKeys bool
	// Salt makes the made-up hashes and sizes of otherwise equal records differ.
	Salt string
}

// Path is one file of a record, relative to the prefix and with slashes.
type Path struct {
	Name string
	Kind PathKind
}

// PathKind is how a file came into the prefix.
type PathKind uint8

// The kinds of files that records have.
const (
	// Hardlink is an ordinary file, linked from the package cache.
	Hardlink PathKind = iota
	// Softlink is a symbolic link.
	Softlink
	// Bytecode was compiled at installation and has no hash.
	Bytecode
	// TextPrefix and BinaryPrefix are files that hold the prefix's own path,
	// which conda wrote over a placeholder.
	TextPrefix
	BinaryPrefix
)

// Dist returns <name>-<version>-<build>.
func (r *Record) Dist() string { return r.Name + "-" + r.Version + "-" + r.Build }

// FileName returns the name that conda demands of the record in conda-meta.
func (r *Record) FileName() string { return r.Dist() + ".json" }

func (r *Record) tarball() string {
	if r.Ext == "" {
		return r.Dist() + ".conda"
	}
	return r.Dist() + r.Ext
}

// sortPaths orders paths by name, bytecode last: conda compiles when all else
// is in place.
func sortPaths(paths []Path) {
	slices.SortFunc(paths, func(a, b Path) int {
		if (a.Kind == Bytecode) != (b.Kind == Bytecode) {
			if a.Kind == Bytecode {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Name, b.Name)
	})
}
