package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/processtype"
)

// maxTypes and maxLists bound what is kept: compiled schemas, and names of packages.
const (
	maxTypes = 64
	maxLists = 512
)

// types returns the process types of an environment. Compiling them is most of the work of a launch.
func (s *server) types(e *environment.Environment) (*processtype.Set, error) {
	return s.typesKept.get(e.Revisions[0].Schemas, e.Types)
}

// typeView is a process type as existing clients know it.
type typeView struct {
	Schema       raw      `json:"schema"`
	Environments []string `json:"environments,omitzero"`
}

// typesOf answers the process types of one environment, as the image says them.
func (s *server) typesOf(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	return s.writeTypes(c, e)
}

func (s *server) writeTypes(c echo.Context, e *environment.Environment) error {
	types, err := s.types(e)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return writeBody(c, http.StatusOK, typeJSON, types.Raw())
}

func (s *server) typeOf(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	name, err := param(c, "type")
	if err != nil {
		return err
	}
	types, err := s.types(e)
	if err != nil {
		return err
	}
	schema, ok := types.Schema(name)
	if !ok {
		return fail(codeNotFound, "Process type '%s' not found in environment", name)
	}
	return writeJSON(c, http.StatusOK, typeView{Schema: raw(schema)})
}

// allTypes answers the process types of all environments that the user may see, each with the schema of the environment
// that was changed last; with ?environment= those of one environment.
func (s *server) allTypes(c echo.Context) error {
	id, err := query(c, "environment")
	if err != nil {
		return err
	}
	if id != "" {
		e, err := s.environment(c, id)
		if err != nil {
			return err
		}
		return s.writeTypes(c, e)
	}
	domain, err := query(c, "domainId")
	if err != nil {
		return err
	}
	all, changed := map[string]*typeView{}, map[string]time.Time{}
	err = s.eachVisible(c, wanted{domain: domain, state: string(environment.Active)}, func(e *environment.Environment) (bool, error) {
		types, err := s.types(e)
		if err != nil {
			return false, err
		}
		for _, name := range types.Names() {
			view := all[name]
			if view == nil {
				view = &typeView{}
				all[name] = view
			}
			view.Environments = append(view.Environments, e.ID)
			if schema, ok := types.Schema(name); ok && (view.Schema == nil || e.UpdatedAt.After(changed[name])) {
				view.Schema, changed[name] = raw(schema), e.UpdatedAt
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, all)
}

// formView is an environment as forms want it: with the names that existing clients know, and the schemas if they were asked for.
type formView struct {
	*environment.Environment

	DockerImage string `json:"docker_image"`
	Types       raw    `json:"process_types,omitzero"`
}

// listForForms answers the environments that work may be launched in, at the address that existing clients know.
func (s *server) listForForms(c echo.Context) error {
	w, err := s.wanted(c)
	if err != nil {
		return err
	}
	schemas := c.QueryParam("include_schemas") == "true" || c.QueryParam("include_schemas") == "1"
	list, err := listed(s, c, w, func(e *environment.Environment) (formView, error) {
		view := formView{Environment: e, DockerImage: e.Image}
		if !schemas {
			return view, nil
		}
		types, err := s.types(e)
		if err == nil {
			view.Types = raw(types.Raw())
		}
		return view, err
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, list)
}
