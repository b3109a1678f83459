package matchspec

// Spec is a compiled MatchSpec. It is made by [Parse] and safe to share between goroutines; the zero Spec is what
// [Parse] makes of the empty text, and matches every record.
type Spec struct {
	text    string
	name    pattern
	version VersionSpec
	build   pattern

	hasVersion, hasBuild bool

	// components is nil for a spec that asks for name, version and build only, in this order; otherwise it has all
	// conditions in the order in which conda tests them.
	components []component
}

// Text returns the spec exactly as it was given to [Parse].
func (s Spec) Text() string { return s.text }

// IsExactName reports whether the spec asks for one name, and not for names of a pattern or for any name.
func (s Spec) IsExactName() bool { return s.name.kind == patternExact && s.name.text != "" }

// Name returns the one name the spec asks for, in lower case; empty if there is none.
func (s Spec) Name() string {
	if !s.IsExactName() {
		return ""
	}
	return s.name.text
}

// Version returns the version condition, and whether the spec has one; without one it matches every version.
func (s Spec) Version() (condition VersionSpec, ok bool) { return s.version, s.hasVersion }

// Build returns the condition on the build string as the canonical form has it (exact, glob or regular expression);
// empty if the spec has none.
func (s Spec) Build() string { return s.build.text }

// Field returns the condition on a field as the canonical form has it, under conda's name of the field ("name",
// "version", "channel", "build_number", "license" …), and whether the spec has one.
func (s Spec) Field(name string) (value string, ok bool) {
	switch name {
	case fieldNames[fieldName]:
		return s.name.text, s.name.text != ""
	case fieldNames[fieldVersion]:
		if !s.hasVersion {
			return "", false
		}
		return s.version.String(), true
	case fieldNames[fieldBuild]:
		return s.build.text, s.hasBuild
	}
	for i := range s.components {
		if c := &s.components[i]; fieldNames[c.field] == name {
			return c.text, true
		}
	}
	return "", false
}

// Match reports whether a record meets all conditions of the spec. They are tested in conda's order up to the first
// that is not met, and what is not reached cannot fail. The error is conda's exception at this point: a [*ParseError]
// for a version that cannot be read while a version condition asks for its order, or for a "~=V" with nothing before
// its last dot.
func (s Spec) Match(r *Record) (bool, error) {
	miss, err := s.Miss(r)
	return miss == "" && err == nil, err
}

// Miss is Match that says which field is at fault: conda's name of the first field whose condition the record does not
// meet, or could not be tested on; empty for a match.
func (s Spec) Miss(r *Record) (name string, err error) {
	if s.components != nil {
		return s.missComponent(r)
	}
	if s.name.text != "" && !s.name.match(r.Name) {
		return fieldNames[fieldName], nil
	}
	if s.hasVersion {
		if ok, err := s.version.MatchText(r.Version); !ok {
			return fieldNames[fieldVersion], err
		}
	}
	if s.hasBuild && !s.build.match(r.Build) {
		return fieldNames[fieldBuild], nil
	}
	return "", nil
}

func (s Spec) missComponent(r *Record) (name string, err error) {
	for i := range s.components {
		c := &s.components[i]
		if ok, err := c.match(r); !ok {
			return fieldNames[c.field], err
		}
	}
	return "", nil
}
