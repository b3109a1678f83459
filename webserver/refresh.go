package webserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/webserver/reload"
)

// refresh reads the files again (W9). Pages of other sites may not ask for it: a browser would send their request with
// nobody knowing.
func (s *server) refresh(c echo.Context) error {
	c.Response().Header()[headerCacheControl] = noStore
	if err := s.mayRefresh(c.Request()); err != nil {
		if err.status == http.StatusUnauthorized {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="refresh"`)
		}
		return err
	}
	if err := s.Pair.Refresh(c.Request().Context()); err != nil {
		var bad *reload.LoadError
		if errors.As(err, &bad) {
			return &httpError{status: http.StatusInternalServerError, detail: bad.Error()}
		}
		return &httpError{status: http.StatusServiceUnavailable, detail: "Refresh did not finish: " + err.Error()}
	}
	return writeJSON(c, struct {
		Status      string  `json:"status"`
		Message     string  `json:"message"`
		LastRefresh *string `json:"last_refresh"`
	}{"reloaded", "Data files reloaded from disk (no indexing performed)", s.lastRefresh()})
}

func (s *server) mayRefresh(r *http.Request) *httpError {
	var guard http.CrossOriginProtection
	if guard.Check(r) != nil {
		return &httpError{status: http.StatusForbidden, detail: "Refresh refused: the request comes from another site"}
	}
	if s.RefreshToken == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || !equalSecrets(strings.TrimSpace(token), s.RefreshToken) {
		return &httpError{status: http.StatusUnauthorized, detail: "Refresh needs a valid bearer token"}
	}
	return nil
}

// equalSecrets takes the same time whatever is different, the lengths included.
func equalSecrets(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
