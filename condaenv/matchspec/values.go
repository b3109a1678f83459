package matchspec

// specValues are the texts of a spec's conditions, and the order in which conda tests them: that of their first mention.
type specValues struct {
	value [fieldCount]string
	has   [fieldCount]bool
	order [fieldCount]field
	count int
}

// set adds a condition, or replaces the one on the same field at its place.
func (v *specValues) set(f field, value string) {
	v.value[f] = value
	if !v.has[f] {
		v.has[f] = true
		v.order[v.count] = f
		v.count++
	}
}

// readRest takes over the conditions in brackets; they override those outside, but not the name, for the spec would
// look as if it asked for another package.
func (v *specValues) readRest(brackets []pair) {
	for _, p := range brackets {
		for f := fieldChannel; f < fieldCount; f++ {
			if p.key != fieldNames[f] || f == fieldName || f == fieldChannel || f == fieldSubdir {
				continue
			}
			if f == fieldVersion {
				p.value = sanitizeVersion(p.value, false)
			}
			v.set(f, p.value)
		}
	}
}

// compile reads the conditions.
func (v *specValues) compile(text string) (Spec, *ParseError) {
	s := Spec{text: text}
	ordinary := true
	for i, f := range v.order[:v.count] {
		if err := s.compileCore(f, v.value[f]); err != nil {
			return Spec{}, err
		}
		if f > fieldBuild || f < fieldName || i > 0 && f < v.order[i-1] {
			ordinary = false
		}
	}
	if ordinary {
		return s, nil
	}
	return s, s.compileComponents(v)
}

// compileCore reads the conditions that most specs consist of: name, version and build.
func (s *Spec) compileCore(f field, value string) *ParseError {
	switch f {
	case fieldName:
		return s.name.compile(lower(value))
	case fieldVersion:
		s.hasVersion = true
		var err *ParseError
		if s.version.root, err = parseExpression(value); err != nil {
			return err.within(kindCondition, value)
		}
	case fieldBuild:
		s.hasBuild = true
		return s.build.compile(value)
	default: // See compileComponents.
	}
	return nil
}

func (p *pattern) compile(text string) *ParseError {
	compiled, err := newPattern(text)
	if err != nil {
		return fault(kindSpec, text, text, err.Error())
	}
	*p = compiled
	return nil
}

// compileComponents makes the list of all conditions.
func (s *Spec) compileComponents(v *specValues) *ParseError {
	s.components = make([]component, 0, v.count)
	for _, f := range v.order[:v.count] {
		var made component
		var err error
		switch f {
		case fieldName:
			made = nameComponent(s.name)
		case fieldVersion:
			made = versionComponent(s.version)
		case fieldBuild:
			made = buildComponent(s.build)
		default:
			made, err = newComponent(f, v.value[f])
		}
		if err != nil {
			return componentFault(v.value[f], err)
		}
		s.components = append(s.components, made)
	}
	return nil
}

func nameComponent(p pattern) component {
	return component{field: fieldName, text: p.text, match: func(r *Record) (bool, error) { return p.match(r.Name), nil }}
}

func versionComponent(s VersionSpec) component {
	match := func(r *Record) (bool, error) { return s.MatchText(r.Version) }
	return component{field: fieldVersion, text: s.String(), match: match}
}

func buildComponent(p pattern) component {
	return component{field: fieldBuild, text: p.text, match: func(r *Record) (bool, error) { return p.match(r.Build), nil }}
}

// componentFault makes an error about the value of a condition one of this package.
func componentFault(value string, err error) *ParseError {
	if parse, ok := err.(*ParseError); ok { //nolint:errorlint // never wrapped.
		return parse
	}
	return fault(kindSpec, value, value, err.Error())
}
