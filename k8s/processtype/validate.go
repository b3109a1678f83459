package processtype

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// ErrUnknownType means that an environment has no process type of that name.
var ErrUnknownType = errors.New("unknown process type")

// Validate checks the parameters of a process, a JSON document, against the schema of its type. It returns what is wrong
// with them, at most a hundred problems, or nothing. The error is [ErrUnknownType].
//
// Parameters are the keyword arguments of a process, so that they must be an object whatever the schema says. Defaults
// are not filled in: they are the process type's own.
func (s *Set) Validate(name string, parameters []byte) ([]Problem, error) {
	t := s.types[name]
	if t == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownType, short(name))
	}
	value, problem := decode(parameters)
	if problem != nil {
		return []Problem{*problem}, nil
	}
	if _, ok := value.(map[string]any); !ok {
		return []Problem{{Message: "parameters must be an object"}}, nil
	}
	return t.compiled.validate(value), nil
}

// validate applies the schema to a value.
func (c *compiled) validate(value any) (problems []Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case outOfSteps:
			problems = []Problem{{Message: "cannot be checked: the schema of the process type takes too many steps"}}
		default: // the library is not ours, and neither is the schema
			problems = []Problem{{Message: short(fmt.Sprintf("cannot be checked: %v", r))}}
		}
	}()
	c.steps.left = maxSteps
	err := c.schema.Validate(value)
	var wrong *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return tidy(problemsOf(wrong))
	}
	return []Problem{{Message: short(err.Error())}}
}

// problemsOf collects the leaves of the tree of errors: what is wrong, not which schemas said so. Where one of several
// alternatives had to hold, that is said first, as none of their own problems need be solved.
func problemsOf(e *jsonschema.ValidationError) []Problem {
	at := pointer(e.InstanceLocation...)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		list := make([]Problem, len(k.Missing))
		for i, name := range k.Missing {
			list[i] = Problem{at + pointer(name), "is required"}
		}
		return list
	case *kind.AdditionalProperties:
		list := make([]Problem, len(k.Properties))
		for i, name := range k.Properties {
			list[i] = Problem{at + pointer(name), "is not a parameter of this process type"}
		}
		return list
	case *kind.AnyOf, *kind.OneOf:
		list := []Problem{{at, describe(e.ErrorKind)}}
		for _, cause := range e.Causes {
			list = append(list, problemsOf(cause)...)
		}
		return list
	}
	if len(e.Causes) == 0 {
		return []Problem{{at, describe(e.ErrorKind)}}
	}
	var list []Problem
	for _, cause := range e.Causes {
		if len(list) > 10*maxProblems {
			break
		}
		list = append(list, problemsOf(cause)...)
	}
	return list
}

// describe says in words what is wrong with a value. Numbers are written plainly, which the library's printer does not.
func describe(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("must be %s, is %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Format:
		if k.Want == "regex" {
			return fmt.Sprintf("a regular expression that %s: %v", notRE2, k.Err)
		}
		return fmt.Sprintf("is not a valid %s: %v", k.Want, k.Err)
	case *kind.Pattern:
		return fmt.Sprintf("does not match the pattern %s", short(k.Want))
	case *kind.MinLength:
		return fmt.Sprintf("has %d characters, must have at least %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("has %d characters, may have at most %d", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("has %d items, must have at least %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("has %d items, may have at most %d", k.Got, k.Want)
	case *kind.Minimum:
		return "must be at least " + number(k.Want)
	case *kind.Maximum:
		return "must be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be more than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want)
	case *kind.AnyOf:
		return "fits none of the alternatives"
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return "fits more than one of the alternatives"
		}
		return "fits none of the alternatives"
	case *kind.Not:
		return "is what it must not be"
	case *kind.FalseSchema:
		return "is not allowed"
	}
	return short(k.LocalizedString(message.NewPrinter(language.English)))
}

// number writes a bound as people do: 0.01, not 1/100.
func number(n *big.Rat) string {
	if n.IsInt() && n.Num().BitLen() < 64 {
		return n.Num().String()
	}
	f, _ := n.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
