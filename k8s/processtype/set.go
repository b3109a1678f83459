package processtype

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Limits of a process_schemas.json.
const (
	MaxFile    = 4 << 20 // bytes
	MaxTypes   = 500     // types in one file
	MaxName    = 128     // bytes of a type's name
	maxSchema  = 10_000  // objects in one schema
	maxSchemas = 50_000  // objects in all schemas
)

// Set is the process types of one environment. It does not change, and is safe for concurrent use.
type Set struct {
	raw   []byte
	types map[string]*processType
}

// processType is one entry of the file.
type processType struct {
	schema   json.RawMessage
	compiled *compiled
}

// Parse reads a process_schemas.json. The error is an *[Error] that lists what is wrong with every type. Unknown members
// beside "schema" are let be. An environment without types, {}, is one that runs commands only.
func Parse(data []byte) (*Set, error) {
	if len(data) > MaxFile {
		return nil, &Error{Problems: []Problem{{Message: fmt.Sprintf("has more than %d bytes", MaxFile)}}}
	}
	value, problem := decode(data)
	if problem != nil {
		return nil, &Error{Problems: []Problem{*problem}}
	}
	file, ok := value.(map[string]any)
	if !ok {
		return nil, &Error{Problems: []Problem{{Message: `must be an object of process types: {"<type>": {"schema": {…}}}`}}}
	}
	if len(file) > MaxTypes {
		return nil, &Error{Problems: []Problem{{Message: fmt.Sprintf("has more than %d process types", MaxTypes)}}}
	}
	if countObjects(value) > maxSchemas {
		return nil, &Error{Problems: []Problem{{Message: "the schemas are too large to be of any use"}}}
	}
	set := &Set{raw: data, types: make(map[string]*processType, len(file))}
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(file)) {
		t, wrong := parseType(name, file[name])
		problems = append(problems, wrong...)
		set.types[name] = t
	}
	if len(problems) > 0 {
		return nil, &Error{Problems: tidy(problems)}
	}
	return set, nil
}

// parseType reads one entry of the file.
func parseType(name string, value any) (*processType, []Problem) {
	at := pointer(name)
	if message := badName(name); message != "" {
		return nil, []Problem{{at, message}}
	}
	entry, ok := value.(map[string]any)
	if !ok {
		return nil, []Problem{{at, `must be an object with the member "schema"`}}
	}
	at = pointer(name, "schema")
	schema, ok := entry["schema"].(map[string]any)
	if !ok {
		return nil, []Problem{{at, "must be a JSON Schema, an object"}}
	}
	if countObjects(schema) > maxSchema {
		return nil, []Problem{{at, fmt.Sprintf("has more than %d objects", maxSchema)}}
	}
	compiled, problems := compile(schema)
	for i := range problems {
		problems[i].Pointer = at + problems[i].Pointer
	}
	raw, err := encode(schema)
	if err != nil {
		problems = append(problems, Problem{at, short(err.Error())})
	}
	return &processType{schema: raw, compiled: compiled}, problems
}

// badName says what is wrong with the name of a type: it becomes part of a URL, of an environment variable, and of what
// people read.
func badName(name string) string {
	switch {
	case name == "":
		return "a process type needs a name"
	case len(name) > MaxName:
		return fmt.Sprintf("the name of a process type has at most %d bytes", MaxName)
	case strings.TrimSpace(name) != name, strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "the name of a process type has blanks at its ends, or characters that cannot be seen"
	}
	return ""
}

// Names returns the names of the types, in byte order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.types)) }

// Has reports whether there is a type of that name.
func (s *Set) Has(name string) bool { return s.types[name] != nil }

// Schema returns the schema of a type, names in order and numbers as written.
func (s *Set) Schema(name string) (json.RawMessage, bool) {
	t := s.types[name]
	if t == nil {
		return nil, false
	}
	return t.schema, true
}

// Raw returns the file as it was. It must not be changed.
func (s *Set) Raw() []byte { return s.raw }
