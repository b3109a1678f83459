package api

import (
	"context"
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
)

// authenticated registers routes whose users must say who they are. Not an echo.Group: its middleware
// also runs for unknown paths, which are 404, not 401.
type authenticated struct {
	echo   *echo.Echo
	server *server
}

// GET registers a handler.
func (a authenticated) GET(path string, h echo.HandlerFunc) {
	a.echo.GET(path, a.server.authenticate(h))
}

// POST registers a handler.
func (a authenticated) POST(path string, h echo.HandlerFunc) {
	a.echo.POST(path, a.server.authenticate(h))
}

// PUT registers a handler.
func (a authenticated) PUT(path string, h echo.HandlerFunc) {
	a.echo.PUT(path, a.server.authenticate(h))
}

// DELETE registers a handler.
func (a authenticated) DELETE(path string, h echo.HandlerFunc) {
	a.echo.DELETE(path, a.server.authenticate(h))
}

// authenticate finds out who sends a request.
func (s *server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		user, err := s.options.Gate.Authenticate(c.Request().Context(), bearer(c.Request()))
		if err != nil {
			return unanswered(err)
		}
		identified(c, user)
		return next(c)
	}
}

// require lets the user of a request do something, or says why not.
func (s *server) require(c echo.Context, deed access.Deed) error {
	return unanswered(s.options.Gate.Require(c.Request().Context(), userOf(c), deed))
}

// unanswered turns an error of the gate other than a refusal into 503: the API server did not say.
func unanswered(err error) error {
	switch {
	case err == nil, errors.Is(err, access.ErrUnknown), errors.Is(err, access.ErrForbidden), errors.Is(err, access.ErrHidden),
		errors.Is(err, context.Canceled):
		return err
	}
	return &failure{code: codeUnavailable, detail: "the cluster does not say who may do what", cause: err}
}

// domain checks that a domain exists and that the user may do something there.
func (s *server) domain(c echo.Context, deed access.Deed) error {
	if deed.Domain == "" {
		return fail(codeBadRequest, "domainId is missing")
	}
	if err := s.require(c, deed); err != nil {
		return err
	}
	names, err := s.options.Domains.Names(c.Request().Context())
	if err != nil {
		return err
	}
	if !slices.Contains(names, deed.Domain) {
		return fail(codeNotFound, "there is no domain %s", deed.Domain)
	}
	return nil
}
