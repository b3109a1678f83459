package condaenv

import "errors"

// Package is one row of what a prefix holds. All texts are valid UTF-8.
type Package struct {
	Name    string
	Version string
	Build   string // conda's build string, "pypi_0" or "dev_0"; empty for the entries of an R library
	Channel string // a channel's name, "pypi" or "<develop>"; empty for the entries of an R library
}

// Listing is the answer of a lister: the packages sorted by name (by code point), names unique, and what an
// administrator should hear of though the listing stands.
type Listing struct {
	Packages []Package
	Warnings []string
}

// The two ways in which a directory is no conda environment.
var (
	ErrNoPrefix       = errors.New("no such directory")
	ErrNotEnvironment = errors.New("not a conda environment: no file conda-meta/history")
)
