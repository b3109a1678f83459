package webserver

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/manifests"
	"kernelindexer/serve"
)

// v1Prefix is where errors are application/problem+json.
const v1Prefix = "/api/v1/"

// httpError is an answer that is none of what was asked for. Handlers return it; handleError writes it.
type httpError struct {
	status int
	detail string // "" is the text of the status
	errors []fieldError
	near   []link // what may have been meant, for pages
	gone   *goneKernel
}

// fieldError is what is wrong with one parameter, in the words of the original's framework.
type fieldError struct {
	Loc  [2]string `json:"loc"` // where, e.g. query, limit
	Msg  string    `json:"msg"`
	Type string    `json:"type"`

	Input  *string `json:"input,omitempty"`  // the value that is wrong, of a spec
	Offset *int    `json:"offset,omitempty"` // bytes of the input before what is wrong, if there is such a place
}

// problem is an error of /api/v1.
type problem struct {
	serve.Problem
	Errors []fieldError `json:"errors,omitempty"`

	LastSeen   string                `json:"last_seen,omitempty"`  // of a kernel that is gone
	Successors []manifests.KernelKey `json:"successors,omitempty"` // the versions that are there instead, the newest first
}

// Error implements error.
func (e *httpError) Error() string { return http.StatusText(e.status) + ": " + e.text() }

func (e *httpError) text() string {
	if e.detail == "" {
		return http.StatusText(e.status)
	}
	return e.detail
}

// handleError is the one place where errors become answers.
func (s *server) handleError(err error, c echo.Context) {
	if c.Response().Committed {
		serve.Cause(c.Response().Writer, err)
		return // too late to say anything
	}
	if err := s.answerError(err, c); err != nil && !c.Response().Committed {
		// The error cannot be said in the form that it should have.
		serve.Cause(c.Response().Writer, err)
		_ = writeBody(c, http.StatusInternalServerError, typeText, []byte(http.StatusText(http.StatusInternalServerError)))
	}
}

// answerError returns the error of a client that has gone, or of an answer that cannot be written as it should be.
func (s *server) answerError(err error, c echo.Context) error {
	var ours *httpError
	var echos *echo.HTTPError
	switch {
	case errors.Is(err, echo.ErrNotFound), errors.Is(err, echo.ErrMethodNotAllowed):
		return s.unrouted(c)
	case errors.As(err, &ours):
		if ours.status == http.StatusInternalServerError {
			serve.Cause(c.Response().Writer, err)
		}
		return s.writeError(c, ours)
	case errors.As(err, &echos): // the router's, or that of a request that panicked, which is in the log
		return s.writeError(c, &httpError{status: echos.Code})
	}
	serve.Cause(c.Response().Writer, err)
	return s.writeError(c, &httpError{status: http.StatusInternalServerError})
}

// writeError writes an error in the form of the request's part of the site.
func (s *server) writeError(c echo.Context, e *httpError) error {
	header := c.Response().Header()
	header[headerCacheControl] = noStore
	header.Del(headerETag)
	if e.status == http.StatusServiceUnavailable {
		header.Set(echo.HeaderRetryAfter, "10")
	}
	if s.isV1(c.Request().URL.Path) {
		p := problem{Problem: serve.NewProblem(e.status, e.text()), Errors: e.errors}
		if e.gone != nil {
			p.LastSeen, p.Successors = e.gone.lastSeen, e.gone.successors
		}
		return serve.WriteProblem(c.Response(), e.status, p)
	}
	if e.status != http.StatusMethodNotAllowed && s.wantsPage(c) {
		return s.writeErrorPage(c, e)
	}
	if e.status == http.StatusInternalServerError && e.detail == "" {
		return writeBody(c, e.status, typeText, []byte(e.text())) // as the original's server
	}
	return writeBody(c, e.status, typeJSON, legacyError(e.text()))
}

// isV1 reports whether a path is below /api/v1, with the base path or without: requests that are refused early have it
// still.
func (s *server) isV1(path string) bool {
	path += "/"
	return strings.HasPrefix(path, v1Prefix) || strings.HasPrefix(path, s.BasePath+v1Prefix)
}

// legacyError is the body of the original's errors.
func legacyError(detail string) []byte {
	body := append([]byte(nil), `{"detail":`...)
	return append(appendString(body, detail), '}')
}
