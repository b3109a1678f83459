package webserver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// get registers a handler for GET and HEAD. The original answered HEAD with 405; net/http sends no body for it.
func (s *server) get(pattern string, h echo.HandlerFunc) {
	s.route(pattern, http.MethodGet, h)
	s.echo.HEAD(pattern, h)
	if strings.HasPrefix(pattern, v1Prefix) {
		s.allow[pattern] = "GET, HEAD"
	}
}

// route registers a handler. OPTIONS is a method like others: the original had no CORS, and echo would answer 204.
func (s *server) route(pattern, method string, h echo.HandlerFunc) {
	s.echo.Add(method, pattern, h)
	s.echo.OPTIONS(pattern, func(echo.Context) error { return echo.ErrMethodNotAllowed })
	s.allow[pattern] = method // as the original says it, which knew no HEAD
}

// rawPath is the path that routes are looked up by: as sent where sender and library would encode it differently.
func rawPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.RawPath
	}
	return u.Path
}

// segment returns a path parameter as the original saw it: unescaped, with U+FFFD for what is not UTF-8. A slash that
// was sent as %2F is part of the name.
//
// echo matches a last parameter with all the rest of a path, and others with nothing; neither is the route then, which
// is echo.ErrNotFound.
func segment(c echo.Context, name string) (string, error) {
	value := c.Param(name)
	if value == "" || strings.Contains(value, "/") {
		return "", echo.ErrNotFound
	}
	if c.Request().URL.RawPath != "" {
		value = unescape(value)
	}
	return mendUTF8(value), nil
}

// segments is segment for several parameters.
func segments(c echo.Context, names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		var err error
		if values[i], err = segment(c, name); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// match returns the pattern of the route that a path is, whatever the method.
func (s *server) match(path string) (pattern string, ok bool) {
	c := s.echo.AcquireContext()
	defer s.echo.ReleaseContext(c)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		c.Reset(nil, nil)
		s.echo.Router().Find(method, path, c)
		if _, ok := s.allow[c.Path()]; !ok || len(c.ParamNames()) != strings.Count(c.Path(), ":") {
			continue
		}
		ok = true
		for _, value := range c.ParamValues() {
			ok = ok && value != "" && !strings.Contains(value, "/")
		}
		if ok {
			return c.Path(), true
		}
	}
	return "", false
}

// unrouted answers where no handler took the request: 405 for a known path, 307 for a known path with slashes behind it,
// and 404. The original's redirect was absolute and said http: behind a TLS proxy; a relative one is right everywhere.
func (s *server) unrouted(c echo.Context) error {
	c.Response().Header().Del(echo.HeaderAllow) // echo's own, also where no route is right
	path := rawPath(c.Request().URL)
	if pattern, ok := s.match(path); ok {
		c.Response().Header().Set(echo.HeaderAllow, s.allow[pattern])
		return s.writeError(c, &httpError{status: http.StatusMethodNotAllowed})
	}
	if trimmed := strings.TrimRight(path, "/"); trimmed != path {
		if _, ok := s.match(trimmed); ok {
			return s.redirect(c, trimmed)
		}
	}
	return s.writeError(c, &httpError{status: http.StatusNotFound})
}

// redirect answers 307 to a raw path of ours, with the query of the request.
func (s *server) redirect(c echo.Context, path string) error {
	u := c.Request().URL
	target := url.URL{Path: s.BasePath + path}
	if unescaped, err := url.PathUnescape(path); u.RawPath != "" && err == nil {
		target.Path, target.RawPath = s.BasePath+unescaped, s.BasePath+path
	}
	target.RawQuery = escapeQuery(u.RawQuery)
	h := c.Response().Header()
	h.Set(echo.HeaderLocation, target.String())
	h.Set(echo.HeaderContentLength, "0")
	c.Response().WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// normalize makes the path of a request one that routes can be looked up by: the base path is cut off, and what is
// escaped for no reason is not. echo looks at the request it was given, so that one is changed.
func (s *server) normalize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if u.RawPath != "" {
			parts := strings.Split(u.RawPath, "/")
			for i, part := range parts {
				parts[i] = url.PathEscape(unescape(part))
			}
			u.RawPath = strings.Join(parts, "/")
		}
		rest, below := strings.CutPrefix(rawPath(u), s.BasePath)
		switch {
		case s.BasePath == "" || !below || rest != "" && rest[0] != '/':
		case rest == "":
			return s.redirect(c, "/")
		default:
			u.Path = strings.TrimPrefix(u.Path, s.BasePath)
			u.RawPath = strings.TrimPrefix(u.RawPath, s.BasePath)
		}
		return next(c)
	}
}

// cleanBasePath returns the base path with a slash before it and none behind it. It may have only characters that are
// the same in a URL, in HTML and in a header.
func cleanBasePath(s string) (string, error) {
	s = strings.Trim(s, "/")
	if s == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("base path %q: empty and dot segments are none", s)
		}
	}
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/-._~", r)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return "", errors.New("base path: only letters, digits, and / - . _ ~ are allowed")
	}
	return "/" + s, nil
}
