package api

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
)

// maxList is how many environments or processes one answer has, and what it has where the query does not say.
const (
	maxList     = 1000
	defaultList = 100
)

// wanted is what a list of environments is to have.
type wanted struct {
	domain, scope, name, pkg, state string
	after                           string // ID
	limit                           int
}

// wanted reads the query of a list of environments.
func (s *server) wanted(c echo.Context) (w wanted, err error) {
	for _, one := range []struct {
		name string
		to   *string
		of   []string // nil for any text
	}{
		{"domainId", &w.domain, nil},
		{"name", &w.name, nil},
		{"package", &w.pkg, nil},
		{"scope", &w.scope, []string{string(environment.System), string(environment.User)}},
		{"state", &w.state, []string{string(environment.Active), string(environment.Deleted), "all"}},
	} {
		if *one.to, err = choice(c, one.name, one.of); err != nil {
			return w, err
		}
	}
	if w.state == "" {
		w.state = string(environment.Active)
	}
	w.after, w.limit, err = page(c)
	return w, err
}

// choice returns a value of the query that is one of a few, where of says which, or not there.
func choice(c echo.Context, name string, of []string) (string, error) {
	value, err := query(c, name)
	if err != nil {
		return "", err
	}
	if value != "" && of != nil && !slices.Contains(of, value) {
		return "", fail(codeBadRequest, "query %s: must be one of %s", name, strings.Join(of, ", "))
	}
	return value, nil
}

// page reads limit and cursor of the query.
func page(c echo.Context) (after string, limit int, err error) {
	limit = defaultList
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxList {
			return "", 0, fail(codeBadRequest, "query limit: must be a number from 1 to %d", maxList)
		}
	}
	if text := c.QueryParam("cursor"); text != "" {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(decoded) > maxValue {
			return "", 0, fail(codeBadRequest, "query cursor: must be that of a Link to the next page")
		}
		after = string(decoded)
	}
	return after, limit, nil
}

// more says where the rest of a list is.
func more(c echo.Context, last string) {
	u := url.URL{Path: c.Request().URL.Path}
	q := c.Request().URL.Query()
	q.Set("cursor", base64.RawURLEncoding.EncodeToString([]byte(last)))
	u.RawQuery = q.Encode()
	c.Response().Header().Set("Link", "<"+u.String()+`>; rel="next"`)
}

// eachVisible calls yield for each environment that is wanted and that the user may see, until it returns false. Of one
// whose schemas or packages are damaged, where they matter, the log is told; it is passed over.
func (s *server) eachVisible(c echo.Context, w wanted, yield func(*environment.Environment) (bool, error)) error {
	if w.domain != "" {
		if err := s.require(c, access.Deed{Verb: access.Get, Resource: access.Environments, Domain: w.domain}); err != nil {
			return err
		}
	}
	ctx, user := c.Request().Context(), userOf(c)
	passOver := func(err error) { s.options.Log.Error().Err(err).Msg("environment passed over") }
	var stopped error
	err := s.options.Environments.List(ctx, w.domain, passOver, func(e *environment.Environment) bool {
		if !w.takes(e) {
			return true
		}
		may, err := s.maySee(ctx, user, e)
		if err == nil && may && w.pkg != "" {
			may, err = s.hasPackage(ctx, e, w.pkg)
		}
		goOn := true
		if err == nil && may {
			goOn, err = yield(e)
		}
		if errors.Is(err, environment.ErrCorrupt) {
			passOver(err)
			return true
		}
		stopped = err
		return err == nil && goOn
	})
	return errors.Join(stopped, err)
}

// takes says whether an environment is wanted, its packages aside.
func (w wanted) takes(e *environment.Environment) bool {
	return e.ID > w.after && (w.scope == "" || string(e.Scope) == w.scope) && (w.state == "all" || string(e.State) == w.state) &&
		(w.name == "" || strings.Contains(strings.ToLower(e.FullName), strings.ToLower(w.name)))
}

// listed makes a page of the environments that are wanted, and says where the next one is.
func listed[V any](s *server, c echo.Context, w wanted, view func(*environment.Environment) (V, error)) ([]V, error) {
	list, last := []V{}, ""
	err := s.eachVisible(c, w, func(e *environment.Environment) (bool, error) {
		if len(list) == w.limit {
			more(c, last)
			return false, nil
		}
		one, err := view(e)
		if err == nil {
			list, last = append(list, one), e.ID
		}
		return true, err
	})
	return list, err
}

func (s *server) listEnvironments(c echo.Context) error {
	w, err := s.wanted(c)
	if err != nil {
		return err
	}
	list, err := listed(s, c, w, func(e *environment.Environment) (*environment.Environment, error) { return e, nil })
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, list)
}
