package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
)

// environmentDetail is what existing clients know as the answer for what is not there, and for what is not to be known.
const environmentDetail = "Environment not found"

// visible returns the environment that the path names, if the user may see it. Deleted ones are visible.
func (s *server) visible(c echo.Context) (*environment.Environment, error) {
	id, err := param(c, "id")
	if err != nil {
		return nil, fail(codeNotFound, environmentDetail)
	}
	return s.environment(c, id)
}

// environment is like visible, for an ID from the body or the query.
func (s *server) environment(c echo.Context, id string) (*environment.Environment, error) {
	e, err := s.options.Environments.Get(c.Request().Context(), id)
	if err != nil {
		return nil, err
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
	deed := access.Deed{Verb: access.Get, Resource: access.Environments, Domain: e.DomainID}
	may, err := s.options.Gate.May(ctx, user, deed) // one question for all of the domain
	if err == nil && !may {
		deed.Name = e.ID
		may, err = s.options.Gate.May(ctx, user, deed)
	}
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
		return err
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
		return environment.ErrSystem
	}
	terms, err := s.terms(c, access.Delete, e)
	if err != nil {
		return err
	}
	if _, err := s.options.Environments.Delete(c.Request().Context(), e.ID, terms); err != nil {
		return err
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
			return terms, environment.ErrRevision
		}
		terms.Revision = e.Revision
	}
	return terms, nil
}
