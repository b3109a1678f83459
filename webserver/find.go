package webserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/catalog"
	"kernelindexer/condaenv/matchspec"
)

// findTime bounds one search for kernels. Real questions take milliseconds; patterns can be made to take longer.
const findTime = 3 * time.Second

// Headers that tell how many there are of what an answer lists only in part.
const (
	headerTotal     = "X-Total-Count"
	headerTotalNear = "X-Total-Near-Misses"
)

// findKernels answers GET /api/v1/find: which kernels satisfy all specs, and which come near. The body is the same
// object that the command prints, so totals are in the header.
func (s *server) findKernels(c echo.Context) error {
	q := readQuery(c)
	limit := q.number("limit", defaultLimit, 1, maxLimit)
	query := catalog.Query{
		Specs: q.specs(), Language: q.text("language"), Exact: q.flag("exact"),
		Matches: catalog.Page{Limit: limit}, NearMisses: catalog.Page{Limit: limit},
	}
	if len(query.Specs) == 0 {
		q.bad("spec", "missing", "at least one is needed")
	}
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	answer, err := g.find(c.Request().Context(), query)
	if err != nil {
		return err
	}
	if g.tagged(c) {
		return nil
	}
	h := c.Response().Header()
	h.Set(headerTotal, strconv.Itoa(answer.TotalMatches))
	h.Set(headerTotalNear, strconv.Itoa(answer.TotalNearMisses))
	return writeJSON(c, answer)
}

// find is Catalog.Find in bounded time, with errors that are answers.
func (g *generation) find(ctx context.Context, q catalog.Query) (catalog.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	answer, err := g.Find(ctx, q)
	var wrong *matchspec.ParseError
	switch {
	case errors.As(err, &wrong):
		return answer, badSpec(wrong)
	case ctx.Err() != nil:
		return answer, &httpError{status: http.StatusServiceUnavailable, detail: "The search takes too long; ask for less"}
	default:
		return answer, err
	}
}

// badSpec says which spec cannot be read, and where it goes wrong.
func badSpec(e *matchspec.ParseError) *httpError {
	wrong := fieldError{Loc: [2]string{"query", "spec"}, Msg: e.Reason, Type: "bad_spec", Input: &e.Text}
	if e.Part != "" {
		wrong.Msg += ": " + e.Part
	}
	if e.Offset >= 0 && e.Offset <= len(e.Text) {
		wrong.Offset = &e.Offset
	}
	wrong.Msg = mendUTF8(wrong.Msg) // a part may begin or end inside a character
	return &httpError{status: http.StatusUnprocessableEntity, detail: "A spec cannot be read", errors: []fieldError{wrong}}
}

// specs returns the values of spec that are not empty, as a form may send fields that nobody filled in. Their number
// and length are bounded.
func (q *v1Query) specs() []string {
	var specs []string
	for _, text := range q.values["spec"] {
		if text != "" {
			specs = append(specs, text)
		}
	}
	return q.bounded(specs)
}

// bounded says what is too much, and returns the specs that are not.
func (q *v1Query) bounded(specs []string) []string {
	if len(specs) > catalog.MaxSpecs {
		q.bad("spec", "out_of_range", fmt.Sprintf("at most %d can be asked for at once", catalog.MaxSpecs))
		return specs[:catalog.MaxSpecs]
	}
	for _, text := range specs {
		if len(text) > catalog.MaxSpecBytes {
			q.bad("spec", "out_of_range", fmt.Sprintf("must have at most %d bytes", catalog.MaxSpecBytes))
			break
		}
	}
	return specs
}

// flag returns a parameter that is on or off; without a value it is off.
func (q *v1Query) flag(name string) bool {
	switch q.text(name) {
	case "", "0", "false":
		return false
	case "1", "true":
		return true
	}
	q.bad(name, "not_a_choice", "must be one of true, false, 1, 0")
	return false
}
