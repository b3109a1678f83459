package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/image"
)

// maxList is how many environments or processes one answer has, and what it has where the query does not say.
const (
	maxList     = 1000
	defaultList = 100
)

// environmentFailure is what the errors of the store mean.
func environmentFailure(err error) error {
	for known, code := range map[error]Code{
		environment.ErrNotFound: codeNotFound, environment.ErrExistsInDomain: codeExists,
		environment.ErrExistsInOtherDomain: codeExistsOther, environment.ErrSystem: codeSystem,
		environment.ErrDomain: codeNotFound, environment.ErrRevision: codePrecondition,
		environment.ErrNameMismatch: codeNameMismatch, environment.ErrTooLarge: codeTooLarge,
		environment.ErrBusy: codeConflict, environment.ErrTooMany: codeQuota,
	} {
		if errors.Is(err, known) {
			return &failure{code: code, detail: err.Error()}
		}
	}
	return err
}

// environmentDetail is the seed's answer for what is not there, and for what is not to be known.
const environmentDetail = "Environment not found"

// visible returns the environment that the path names, if the user may see it. Deleted ones are visible.
func (s *server) visible(c echo.Context) (*environment.Environment, error) {
	id, err := param(c, "id")
	if err != nil {
		return nil, fail(codeNotFound, environmentDetail)
	}
	return s.environment(c, id)
}

// environment is visible for an ID that stands somewhere else.
func (s *server) environment(c echo.Context, id string) (*environment.Environment, error) {
	e, err := s.options.Environments.Get(c.Request().Context(), id)
	if errors.Is(err, environment.ErrNotFound) {
		return nil, fail(codeNotFound, environmentDetail)
	}
	if err != nil {
		return nil, environmentFailure(err)
	}
	may, err := s.maySee(c.Request().Context(), userOf(c), e)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, fail(codeNotFound, environmentDetail)
	}
	return e, nil
}

// maySee says whether a user may see an environment: those of the system everybody may.
func (s *server) maySee(ctx context.Context, user *access.User, e *environment.Environment) (bool, error) {
	if e.Scope == environment.System {
		return true, nil
	}
	may, err := s.options.Gate.May(ctx, user,
		access.Deed{Verb: access.Get, Resource: access.Environments, Domain: e.DomainID, Name: e.ID})
	return may, unanswered(err)
}

// environmentView is an environment as it is answered.
type environmentView struct {
	*environment.Environment

	InUseBy int `json:"inUseBy"` // runs that are not over
}

// etagOf is the entity tag of an environment: it changes with every revision.
func etagOf(e *environment.Environment) string {
	return `"` + e.ID[len(e.ID)-8:] + "-" + strconv.FormatInt(e.Revision, 10) + `"`
}

// writeEnvironment answers one environment.
func (s *server) writeEnvironment(c echo.Context, status int, e *environment.Environment) error {
	uses, err := s.options.Runs.Uses(c.Request().Context(), e.ID)
	if err != nil {
		return clusterFailure(err)
	}
	c.Response().Header().Set(headerETag, etagOf(e))
	return writeJSON(c, status, environmentView{e, uses})
}

func (s *server) getEnvironment(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	return s.writeEnvironment(c, http.StatusOK, e)
}

// deleteEnvironment makes a tombstone: what runs goes on, and nothing new may begin.
func (s *server) deleteEnvironment(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	if e.Scope == environment.System {
		return environmentFailure(environment.ErrSystem)
	}
	terms, err := s.terms(c, access.Delete, e)
	if err != nil {
		return err
	}
	if _, err := s.options.Environments.Delete(c.Request().Context(), e.ID, terms); err != nil {
		return environmentFailure(err)
	}
	return writeNothing(c)
}

// terms are the conditions on which the user of a request changes an environment: as If-Match says, and if they own it or
// have the right. e is the one that is meant, nil where the name in an image decides.
func (s *server) terms(c echo.Context, verb string, e *environment.Environment) (environment.Terms, error) {
	user := userOf(c)
	terms := environment.Terms{By: user.Name, Permit: func(ctx context.Context, existing *environment.Environment) error {
		err := s.options.Gate.Require(ctx, user, access.Deed{
			Verb: verb, Resource: access.Environments, Domain: existing.DomainID, Name: existing.ID, Owner: existing.CreatedBy,
		})
		if errors.Is(err, access.ErrForbidden) {
			return fail(codeNotOwner, "%s is %s's; only they and administrators of the domain may %s it", existing.FullName, existing.CreatedBy, verb)
		}
		return unanswered(err)
	}}
	if e == nil {
		return terms, nil
	}
	terms.ID = e.ID
	if wanted := c.Request().Header.Get("If-Match"); wanted != "" && wanted != "*" {
		if wanted != etagOf(e) {
			return terms, environmentFailure(environment.ErrRevision)
		}
		terms.Revision = e.Revision
	}
	return terms, nil
}

// wanted is what a list of environments is to have.
type wanted struct {
	domain, scope, name, pkg, state string
	after                           string // ID
	limit                           int
}

func (s *server) wanted(c echo.Context) (w wanted, err error) {
	for name, value := range map[string]*string{
		"domainId": &w.domain, "scope": &w.scope, "name": &w.name, "package": &w.pkg, "state": &w.state,
	} {
		if *value, err = query(c, name); err != nil {
			return w, err
		}
	}
	switch {
	case w.scope != "" && w.scope != string(environment.System) && w.scope != string(environment.User):
		return w, fail(codeBadRequest, "query scope: neither %s nor %s", environment.System, environment.User)
	case w.state == "":
		w.state = string(environment.Active)
	case w.state != string(environment.Active) && w.state != string(environment.Deleted) && w.state != "all":
		return w, fail(codeBadRequest, "query state: neither %s, %s nor all", environment.Active, environment.Deleted)
	}
	w.after, w.limit, err = page(c)
	return w, err
}

// page reads limit and cursor of the query.
func page(c echo.Context) (after string, limit int, err error) {
	limit = defaultList
	if text := c.QueryParam("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxList {
			return "", 0, fail(codeBadRequest, "query limit: not a number from 1 to %d", maxList)
		}
	}
	if text := c.QueryParam("cursor"); text != "" {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(decoded) > maxValue {
			return "", 0, fail(codeBadRequest, "query cursor: none of ours")
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

// eachVisible calls yield for each environment that is wanted and that the user may see, until it returns false.
func (s *server) eachVisible(c echo.Context, w wanted, yield func(*environment.Environment) (bool, error)) error {
	if w.domain != "" {
		if err := s.require(c, access.Deed{Verb: access.Get, Resource: access.Environments, Domain: w.domain}); err != nil {
			return err
		}
	}
	ctx, user := c.Request().Context(), userOf(c)
	damaged := func(err error) { s.options.Log.Error().Err(err).Msg("environment passed over") }
	var stopped error
	err := s.options.Environments.List(ctx, w.domain, damaged, func(e *environment.Environment) bool {
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
		stopped = err
		return err == nil && goOn
	})
	return errors.Join(stopped, environmentFailure(err))
}

// takes says whether an environment is wanted, its packages aside.
func (w wanted) takes(e *environment.Environment) bool {
	return e.ID > w.after && (w.scope == "" || string(e.Scope) == w.scope) && (w.state == "all" || string(e.State) == w.state) &&
		(w.name == "" || strings.Contains(strings.ToLower(e.FullName), strings.ToLower(w.name)))
}

// hasPackage says whether a package is in an environment, its name as the tools that install it compare names.
func (s *server) hasPackage(ctx context.Context, e *environment.Environment, name string) (bool, error) {
	prefixes, err := s.options.Environments.Packages(ctx, e)
	if err != nil {
		return false, environmentFailure(err)
	}
	for _, prefix := range prefixes {
		for _, p := range prefix.Packages {
			if folded(p.Name) == folded(name) {
				return true, nil
			}
		}
	}
	return false, nil
}

func folded(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}

func (s *server) listEnvironments(c echo.Context) error {
	w, err := s.wanted(c)
	if err != nil {
		return err
	}
	list := []*environment.Environment{}
	err = s.eachVisible(c, w, func(e *environment.Environment) (bool, error) {
		if len(list) == w.limit {
			more(c, list[len(list)-1].ID)
			return false, nil
		}
		list = append(list, e)
		return true, nil
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, list)
}

func (s *server) packages(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	prefixes, err := s.options.Environments.Packages(c.Request().Context(), e)
	if err != nil {
		return environmentFailure(err)
	}
	return writeJSON(c, http.StatusOK, struct {
		ID       string         `json:"id"`
		Revision int64          `json:"revision"`
		Prefixes []image.Prefix `json:"prefixes"`
	}{e.ID, e.Revision, prefixes})
}

func (s *server) bom(c echo.Context) error {
	if format := c.QueryParam("format"); format != "" && format != "cyclonedx" {
		return fail(codeBadRequest, "query format: only cyclonedx")
	}
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	prefixes, err := s.options.Environments.Packages(c.Request().Context(), e)
	if err != nil {
		return environmentFailure(err)
	}
	var body bytes.Buffer
	if err := environment.WriteBOM(&body, e, prefixes); err != nil {
		return err
	}
	return writeBody(c, http.StatusOK, typeBOM, body.Bytes())
}

const typeBOM = "application/vnd.cyclonedx+json; version=1.6"

// raw is JSON that is made already.
type raw = jsontext.Value
