package webserver

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// Bounds of a page of a list.
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxOffset    = 1<<31 - 1
)

// page is which part of a list is asked for.
type page struct{ Limit, Offset int }

// v1Query reads the parameters of /api/v1. It collects what is wrong, so that a client learns of everything at once.
// Unknown parameters are ignored; the last of several values counts where there can be one only.
type v1Query struct {
	values map[string][]string
	errors []fieldError
}

func readQuery(c echo.Context) *v1Query {
	q := &v1Query{values: map[string][]string{}}
	for name, value := range parameters(c.Request().URL.RawQuery) {
		q.values[name] = append(q.values[name], value)
	}
	return q
}

// text returns a parameter or "".
func (q *v1Query) text(name string) string {
	values := q.values[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// number returns a parameter that is a number in decimal digits, or the default.
func (q *v1Query) number(name string, otherwise, least, most int) int {
	if len(q.values[name]) == 0 {
		return otherwise
	}
	text := q.text(name)
	digits := text != "" && strings.Trim(text, "0123456789") == ""
	n, err := strconv.Atoi(text)
	if digits && err == nil && least <= n && n <= most {
		return n
	}
	q.bad(name, "out_of_range", fmt.Sprintf("must be a whole number from %d to %d", least, most))
	return otherwise
}

// choice returns a parameter that must be one of some words, or the first of these.
func (q *v1Query) choice(name string, words []string) string {
	if len(q.values[name]) == 0 {
		return words[0]
	}
	if text := q.text(name); slices.Contains(words, text) {
		return text
	}
	q.bad(name, "not_a_choice", "must be one of "+strings.Join(words, ", "))
	return words[0]
}

func (q *v1Query) page() page {
	return page{Limit: q.number("limit", defaultLimit, 1, maxLimit), Offset: q.number("offset", 0, 0, maxOffset)}
}

func (q *v1Query) bad(name, kind, msg string) {
	q.errors = append(q.errors, fieldError{Loc: [2]string{"query", name}, Msg: msg, Type: kind})
}

// err returns what is wrong with the parameters, if anything.
func (q *v1Query) err() error {
	if len(q.errors) == 0 {
		return nil
	}
	return &httpError{status: http.StatusUnprocessableEntity, detail: "Invalid query parameters", errors: q.errors}
}
