package processtype

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Problem is one thing that is wrong with a document.
type Problem struct {
	// Pointer is a JSON pointer (RFC 6901) to the value at fault: in the parameters, or in process_schemas.json. A value
	// that is missing has the pointer it would have.
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// maxProblems is how many problems are reported at once.
const maxProblems = 100

// Error refuses a process_schemas.json. There is at least one problem, in the order of pointers.
type Error struct {
	Problems []Problem
}

// Error lists the first few problems.
func (e *Error) Error() string {
	const most = 3
	var text strings.Builder
	text.WriteString("process_schemas.json: ")
	for i, p := range e.Problems {
		switch {
		case i == most:
			fmt.Fprintf(&text, "; and %d more", len(e.Problems)-most)
			return text.String()
		case i > 0:
			text.WriteString("; ")
		}
		if p.Pointer != "" {
			text.WriteString(p.Pointer + ": ")
		}
		text.WriteString(p.Message)
	}
	return text.String()
}

// tidy sorts problems, drops repetitions and cuts the list to what anybody reads.
func tidy(list []Problem) []Problem {
	slices.SortFunc(list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Message, b.Message))
	})
	list = slices.Compact(list)
	return list[:min(len(list), maxProblems)]
}

// pointer makes a JSON pointer of its parts.
func pointer(parts ...string) string {
	var p jsontext.Pointer
	for _, part := range parts {
		p = p.AppendToken(part)
	}
	return string(p)
}

// short cuts foreign text for a message.
func short(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
