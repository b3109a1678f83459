package matchspec

import "strings"

// Match reports whether the condition holds for a version. The error, a [*ParseError], is conda's own at this point: a
// "~=V" whose V has a single component cannot say of what it wants more.
func (s VersionSpec) Match(v Version) (bool, error) {
	return s.match(subject{text: v.text, version: v, read: true})
}

// MatchText is Match for the text of a version. The text is read only if the condition needs its place in the order;
// then, and only then, a text that is no version is an error (conda: an exception that ends the program).
func (s VersionSpec) MatchText(text string) (bool, error) {
	return s.match(subject{text: text})
}

func (s VersionSpec) match(v subject) (bool, error) {
	ok, err := s.root.match(&v)
	if err != nil {
		return false, err
	}
	return ok, nil
}

// subject is the version under test, read when first needed.
type subject struct {
	text    string
	version Version
	read    bool
}

func (s *subject) parse() *ParseError {
	if s.read {
		return nil
	}
	var err *ParseError
	s.version, err = parseVersion(s.text)
	s.read = err == nil
	return err
}

// match tests operands from left to right and no further than needed, as conda does: what is not reached cannot fail.
func (c *condition) match(v *subject) (bool, *ParseError) {
	switch c.op {
	case opAny:
		return true, nil
	case opText:
		return v.text == c.text, nil
	case opGlob:
		return matchGlob(c.text, v.text), nil
	case opRegexp:
		return c.regexp.MatchString(v.text), nil
	case opAll, opEither:
		for i := range c.operands {
			ok, err := c.operands[i].match(v)
			if err != nil || ok == (c.op == opEither) {
				return ok, err
			}
		}
		return c.op == opAll, nil
	default:
		if err := v.parse(); err != nil {
			return false, err
		}
		return c.compare(v.version)
	}
}

// compare applies the operators that look at the order of versions.
func (c *condition) compare(v Version) (bool, *ParseError) {
	switch c.op {
	case opPrefix:
		return v.startsWith(c.operand), nil
	case opNotPrefix:
		return !v.startsWith(c.operand), nil
	case opCompatible:
		return c.compatible(v)
	default: // The others ask for the order.
	}
	order := v.Compare(c.operand)
	switch c.op {
	case opEqual:
		return order == 0, nil
	case opNotEqual:
		return order != 0, nil
	case opLess:
		return order < 0, nil
	case opLessEqual:
		return order <= 0, nil
	case opMore:
		return order > 0, nil
	default: // opMoreEqual
		return order >= 0, nil
	}
}

// compatible is "~=V": at least V, and the same up to what stands before V's last dot.
func (c *condition) compatible(v Version) (bool, *ParseError) {
	if v.Compare(c.operand) < 0 {
		return false, nil
	}
	norm := c.operand.norm
	series, err := parseVersion(norm[:max(strings.LastIndexByte(norm, '.'), 0)])
	if err != nil {
		return false, err.within(kindCondition, c.text)
	}
	return v.startsWith(series), nil
}
