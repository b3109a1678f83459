package manifests

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// member is a JSON value with its name in an object whose order and foreign
// parts must survive an edit. An object is taken apart only where someone looks.
type member struct {
	name    string
	value   jsontext.Value // valid JSON; nil for an object that is taken apart or new
	members []*member
	byName  map[string]*member
}

// expand takes an object apart. It reports whether m is an object.
func (m *member) expand() bool {
	if m.value == nil {
		return true
	}
	if m.value.Kind() != '{' {
		return false
	}
	dec := jsontext.NewDecoder(bytes.NewReader(m.value))
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return false
		}
		part := m.child(name.String())
		value, err := dec.ReadValue()
		if err != nil {
			return false
		}
		part.value = slices.Clone(value)
	}
	m.value = nil
	return true
}

// isNull reports whether m was null, and makes it a new object if so.
func (m *member) isNull() bool {
	if m.value.Kind() != 'n' {
		return false
	}
	m.value = nil
	return true
}

// child returns the member with the name, a new one at the end if need be.
func (m *member) child(name string) *member {
	part := m.byName[name]
	if part == nil {
		part = &member{name: name}
		m.members = append(m.members, part)
		if m.byName == nil {
			m.byName = map[string]*member{}
		}
		m.byName[name] = part
	}
	return part
}

// text returns the value of a string and "" of anything else, including nil.
func (m *member) text() string {
	if m == nil || m.value.Kind() != '"' {
		return ""
	}
	s, err := jsontext.AppendUnquote(nil, m.value)
	if err != nil {
		return ""
	}
	return string(s)
}

// setString makes m a string. The text is valid UTF-8, which cannot fail.
func (m *member) setString(s string) {
	m.members, m.byName = nil, nil
	m.value, _ = jsontext.AppendQuote(nil, s)
}

// prune removes the members of an object that remove says are to go. It
// reports whether m is an object that became empty by that.
func (m *member) prune(remove func(*member) bool) bool {
	if !m.expand() {
		return false
	}
	before := len(m.members)
	m.members = slices.DeleteFunc(m.members, func(part *member) bool {
		if !remove(part) {
			return false
		}
		delete(m.byName, part.name)
		return true
	})
	return before > 0 && len(m.members) == 0
}

// append writes m's value as JSON.
func (m *member) append(b []byte) []byte {
	if m.value != nil {
		return append(b, m.value...)
	}
	b = append(b, '{')
	for i, part := range m.members {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, part.name)
		b = append(b, ':')
		b = part.append(b)
	}
	return append(b, '}')
}
