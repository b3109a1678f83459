// Package rlib says which R packages a library folder holds, without R: what R's
// installed.packages() answers for that folder, read from the files R itself reads.
//
// A package is there for R if its folder has a file Meta/package.rds, and its version
// is the one in there. The text file DESCRIPTION counts for nothing, with one exception:
// of a package.rds that R could read and this program cannot, the version is taken from DESCRIPTION.
//
// It does not know which libraries the user of a kernel has set up beside those R
// looks into by itself, whether a package would load, or where it came from.
//
// "R" in the comments below stands for R 4.2.2, on Linux and without sub-architectures.
package rlib

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
)

// ErrNotAList says that a package.rds holds something that R cannot take fields of, so
// that installed.packages() ends with an error and lists nothing at all.
var ErrNotAList = errors.New("not the metadata of an R package")

// Package is a row of installed.packages().
type Package struct {
	// Name is the name of the package's folder, in UTF-8. A byte of it that is not
	// UTF-8 is spelled <nn> in hexadecimal digits, as R does.
	Name string
	// Version is empty if HasVersion is false, and may be so otherwise. It is in
	// R's own spelling, like "7.3-60".
	Version string
	// HasVersion is false where R says NA.
	HasVersion bool
	// Library is the library folder in which the package was found.
	Library string
}

// Installed lists the packages in the library folder lib of fsys as
// installed.packages(lib.loc = lib) does, but sorted by the bytes of Name (R sorts as the locale says).
//
// A library that does not exist, or is no folder, has no packages, and so has one that
// may not be read, with a warning. Folders that are no packages are skipped in
// silence, and those whose package.rds is damaged with a warning, as in R. A warning is a line of
// text that begins with the path of what it is about.
//
// The error is ErrNotAList, or the one of a file system that fails to list the folder;
// there are no packages then. Installed may be called by several goroutines at once
// if fsys allows that.
func Installed(fsys fs.FS, lib string) ([]Package, []string, error) {
	s := scanner{fsys: fsys, lib: lib}
	if err := s.scan(); err != nil {
		return nil, s.warnings, err
	}
	return s.packages, s.warnings, nil
}

// InstalledIn lists the packages of several libraries, without those that an earlier
// library has a package of the same name of, for library() loads the first it finds. It
// is sorted like Installed and fails if one library does.
func InstalledIn(fsys fs.FS, libs ...string) ([]Package, []string, error) {
	var all []Package
	var warnings []string
	seen := make(map[string]bool)
	for _, lib := range libs {
		packages, w, err := Installed(fsys, lib)
		warnings = append(warnings, w...)
		if err != nil {
			return nil, warnings, err
		}
		for _, p := range packages {
			if !seen[p.Name] {
				seen[p.Name] = true
				all = append(all, p)
			}
		}
	}
	sortByName(all)
	return all, warnings, nil
}

func sortByName(packages []Package) {
	slices.SortFunc(packages, func(a, b Package) int { return cmp.Compare(a.Name, b.Name) })
}
