package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/processtype"
)

// types keeps the compiled schemas of a few environments: compiling is most of the work of a launch.
type types struct {
	mu   sync.Mutex
	sets map[string]*processtype.Set // by the digest of the schemas
}

// maxTypes bounds the sets that are kept.
const maxTypes = 64

func newTypes() *types { return &types{sets: map[string]*processtype.Set{}} }

// of returns the process types of an environment.
func (t *types) of(e *environment.Environment) (*processtype.Set, error) {
	digest := ""
	if len(e.Revisions) > 0 {
		digest = e.Revisions[0].Schemas
	}
	t.mu.Lock()
	set := t.sets[digest]
	t.mu.Unlock()
	if set != nil {
		return set, nil
	}
	set, err := e.Types()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sets) >= maxTypes {
		clear(t.sets)
	}
	t.sets[digest] = set
	return set, nil
}

// typeView is a process type as the seed's clients know it.
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
	types, err := s.types.of(e)
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
	types, err := s.types.of(e)
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
		types, err := s.types.of(e)
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

// formView is an environment as forms want it: with the seed's names, and the schemas if they were asked for.
type formView struct {
	*environment.Environment

	DockerImage string `json:"docker_image"`
	Types       raw    `json:"process_types,omitzero"`
}

// listForForms answers the environments that work may be launched in, under the seed's address.
func (s *server) listForForms(c echo.Context) error {
	w, err := s.wanted(c)
	if err != nil {
		return err
	}
	schemas := c.QueryParam("include_schemas") == "true" || c.QueryParam("include_schemas") == "1"
	list := []formView{}
	err = s.eachVisible(c, w, func(e *environment.Environment) (bool, error) {
		if len(list) == w.limit {
			more(c, list[len(list)-1].ID)
			return false, nil
		}
		view := formView{Environment: e, DockerImage: e.Image}
		if schemas {
			types, err := s.types.of(e)
			if err != nil {
				return false, err
			}
			view.Types = raw(types.Raw())
		}
		list = append(list, view)
		return true, nil
	})
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, list)
}
