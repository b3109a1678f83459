package webserver

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// announce tells how long a list is, and where the next and the previous part of it are (RFC 8288).
func (s *server) announce(c echo.Context, p page, total int) {
	h := c.Response().Header()
	h.Set("X-Total-Count", strconv.Itoa(total))
	var links []string
	if p.Offset+p.Limit < total {
		links = append(links, s.link(c, page{p.Limit, p.Offset + p.Limit}, "next"))
	}
	if p.Offset > 0 {
		// From beyond the end, back to the last part there is.
		previous := min(p.Offset, max(total, 0)) - p.Limit
		links = append(links, s.link(c, page{p.Limit, max(previous, 0)}, "prev"))
	}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
}

// link is the request's own path and query with another part of the list. The values are written anew, so that nothing
// a client sends gets into the header unescaped.
func (s *server) link(c echo.Context, p page, relation string) string {
	var query strings.Builder
	for name, value := range parameters(c.Request().URL.RawQuery) {
		if name != "limit" && name != "offset" {
			query.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value) + "&")
		}
	}
	path := (&url.URL{Path: s.BasePath + c.Path()}).EscapedPath() // a list has no path parameters
	return "<" + path + "?" + query.String() + "limit=" + strconv.Itoa(p.Limit) + "&offset=" + strconv.Itoa(p.Offset) +
		`>; rel="` + relation + `"`
}
