package rlib

import (
	"errors"
	"fmt"
	"strings"

	"kernelindexer/condaenv/rlib/rds"
)

// errNoMetadata is what R warns of as "corrupt": a package.rds with the wrong fields.
var errNoMetadata = errors.New("it lacks the fields of an installed package")

// metadata is what a package's files say of its version; known is false for NA.
type metadata struct {
	version string
	known   bool
}

// metadataOf takes the version out of the object in a package.rds. It must be a list
// whose DESCRIPTION is a character vector with a Built among its names, and whose Built
// is a list with an R.
//
// The error is errNoMetadata where installed.packages() skips the package, and ErrNotAList
// where one of its operations is not defined for what it finds instead.
func metadataOf(v *rds.Value) (metadata, error) {
	if v.Inherits("try-error") {
		// R takes the object for a failure to read it.
		return metadata{}, errNoMetadata
	}
	description, err := field(v, "DESCRIPTION")
	if err != nil {
		return metadata{}, err
	}
	if err := isSubsettable(description); err != nil {
		return metadata{}, err
	}
	if description.Kind() == rds.Null {
		return metadata{}, errNoMetadata
	}
	built, err := field(v, "Built")
	if err != nil {
		return metadata{}, err
	}
	version, err := field(built, "R")
	if err != nil {
		return metadata{}, err
	}
	if version.Kind() == rds.Null || description.Index("Built") < 0 {
		return metadata{}, errNoMetadata
	}
	if err := isText(version); err != nil {
		return metadata{}, err
	}
	return versionIn(description)
}

// field is value$name.
func field(value *rds.Value, name string) (*rds.Value, error) {
	v, ok := value.Field(name)
	if !ok {
		return nil, fmt.Errorf("%w: there is no field %s of an R object that is no list", ErrNotAList, name)
	}
	return v, nil
}

// isSubsettable tells whether value[names] is defined.
func isSubsettable(value *rds.Value) error {
	switch value.Kind() {
	case rds.Symbol, rds.Environment, rds.S4, rds.Char, rds.Other:
		return fmt.Errorf("%w: its DESCRIPTION is no vector", ErrNotAList)
	default:
		return nil
	}
}

// isText tells whether as.character(value) gives a string, of which R then uses the first.
func isText(value *rds.Value) error {
	switch value.Kind() {
	case rds.Environment, rds.S4, rds.Other:
		return fmt.Errorf("%w: the version of R it was built with is no text", ErrNotAList)
	case rds.Symbol, rds.Char:
		return nil
	default:
		if value.Len() == 0 {
			return fmt.Errorf("%w: the version of R it was built with is empty", ErrNotAList)
		}
		return nil
	}
}

// versionIn returns the first element called Version. R turns logical values and numbers into text
// and fails at what is no atomic vector, for it stores Built, which is text, in the vector.
func versionIn(description *rds.Value) (metadata, error) {
	switch description.Kind() {
	case rds.Logical, rds.Integer, rds.Real, rds.Complex, rds.String:
	default:
		return metadata{}, fmt.Errorf("%w: its DESCRIPTION cannot hold text", ErrNotAList)
	}
	i := description.Index("Version")
	if i < 0 {
		return metadata{}, nil
	}
	version, known := description.Text(i)
	if !known {
		return metadata{}, nil
	}
	// The version outlives the file it is a part of.
	return metadata{version: strings.Clone(version), known: true}, nil
}
