package webserver

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Probes are the routes that an orchestrator asks every few seconds.
func Probes() []string { return []string{"/livez", "/readyz", "/health"} }

// livez answers the question whether the process should be killed and started again: no, as long as it answers. What is
// wrong with the files is not mended by that.
func (s *server) livez(c echo.Context) error { return probe(c, http.StatusOK, "alive") }

// readyz answers the question whether requests should be sent here: once a pair is loaded, however old it may be, until
// the end begins.
func (s *server) readyz(c echo.Context) error {
	switch {
	case s.Closing != nil && s.Closing():
		return probe(c, http.StatusServiceUnavailable, "ending")
	case s.Pair.Current() == nil:
		return probe(c, http.StatusServiceUnavailable, "no data loaded")
	}
	return probe(c, http.StatusOK, "ready")
}

func probe(c echo.Context, status int, text string) error {
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSONBlob(status, []byte(`{"status":"`+text+`"}`))
}
