package api

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// named reads which process a path names, and lets through who may see its resource.
func (s *server) named(c echo.Context, resource string) (p place, id string, err error) {
	if p, err = s.placeOf(c); err != nil {
		return p, "", err
	}
	if id, err = param(c, "process"); err != nil {
		return p, "", err
	}
	return p, id, s.require(c, access.Deed{Verb: access.Get, Resource: resource, Domain: p.domain, Name: id})
}

// process returns the versions of the process that the path names, if the user may see them.
func (s *server) process(c echo.Context, resource string) ([]runs.Run, place, error) {
	p, id, err := s.named(c, resource)
	if err != nil {
		return nil, p, err
	}
	versions, err := s.options.Runs.Versions(c.Request().Context(), p.domain, p.project, id)
	if err != nil {
		return nil, p, err
	}
	if len(versions) == 0 {
		return nil, p, fail(codeNotFound, "there is no process %s", id)
	}
	return versions, p, nil
}

// version returns the run that the path names; where it names no version, the last one or that of the query.
func (s *server) version(c echo.Context, resource string) (runs.Run, place, error) {
	text := c.Param("version")
	if text == "" {
		text = c.QueryParam("version")
	}
	if text == "" {
		versions, p, err := s.process(c, resource)
		if err != nil {
			return runs.Run{}, p, err
		}
		return versions[len(versions)-1], p, nil
	}
	p, id, err := s.named(c, resource)
	if err != nil {
		return runs.Run{}, p, err
	}
	n, err := number(text)
	if err != nil {
		return runs.Run{}, p, err
	}
	run, err := s.options.Runs.Version(c.Request().Context(), p.domain, p.project, id, n)
	if errors.Is(err, runs.ErrNotFound) {
		return runs.Run{}, p, fail(codeNotFound, "there is no process %s with a version %d", id, n)
	}
	return run, p, err
}

// number reads a version.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || strconv.Itoa(n) != text {
		return 0, fail(codeNotFound, "there is no version %s", text)
	}
	return n, nil
}

func (s *server) getProcess(c echo.Context) error {
	versions, _, err := s.process(c, access.Processes)
	if err != nil {
		return err
	}
	warnings, err := s.warnings(c, versions[len(versions)-1].Environment)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, viewProcess(versions, warnings))
}

// warnings tells whether the environment of a process is still there for a new version.
func (s *server) warnings(c echo.Context, id string) ([]string, error) {
	e, err := s.options.Environments.Get(c.Request().Context(), id)
	switch {
	case errors.Is(err, environment.ErrNotFound), err == nil && e.State == environment.Deleted:
		return []string{"environment deleted: a new version needs another one"}, nil
	case errors.Is(err, environment.ErrCorrupt):
		return []string{"the environment's record is damaged"}, nil
	}
	return nil, err
}

func (s *server) getVersion(c echo.Context) error {
	run, _, err := s.version(c, access.Processes)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, viewVersion(run))
}

// listProcesses answers the processes of a project, in the order of their IDs.
func (s *server) listProcesses(c echo.Context) error {
	p, err := s.placeOf(c)
	if err != nil {
		return err
	}
	if err := s.domain(c, access.Deed{Verb: access.Get, Resource: access.Processes, Domain: p.domain}); err != nil {
		return err
	}
	after, limit, err := page(c)
	if err != nil {
		return err
	}
	state, err := choice(c, "state", []string{
		string(process.Queued), string(process.Running), string(process.Done), string(process.Failed), string(process.Canceled),
	})
	if err != nil {
		return err
	}
	all, err := s.options.Runs.Project(c.Request().Context(), p.domain, p.project)
	if err != nil {
		return err
	}
	list := []processView{}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Process == all[0].Process {
			n++
		}
		versions := all[:n]
		all = all[n:]
		if versions[0].Process <= after || state != "" && string(versions[n-1].Status.State) != state {
			continue
		}
		if len(list) == limit {
			more(c, list[len(list)-1].ID)
			break
		}
		list = append(list, viewProcess(versions, nil))
	}
	return writeJSON(c, http.StatusOK, list)
}

// canceling is the answer to a request that was taken.
type canceling struct {
	Status string `json:"status"`
}

// cancel asks for the end of a run. Whoever started it may, and who may update processes.
func (s *server) cancel(c echo.Context) error {
	run, _, err := s.version(c, access.Processes)
	if err != nil {
		return err
	}
	err = s.require(c, access.Deed{
		Verb: access.Update, Resource: access.Processes, Domain: run.Namespace, Name: run.Process, Owner: run.CreatedBy,
	})
	if err != nil {
		return err
	}
	if !run.Status.State.Final() {
		err = s.options.Runs.Cancel(c.Request().Context(), run.Record, userOf(c).Name)
	}
	switch {
	case run.Status.State.Final(), errors.Is(err, runs.ErrEnded), errors.Is(err, runs.ErrNotFound):
		return fail(codeFinished, "version %d of process %s has ended", run.Version, run.Process)
	case err != nil:
		return err
	}
	s.options.Log.Info().Str("process", run.Process).Int("version", run.Version).Str("by", userOf(c).Name).Msg("cancel requested")
	return writeJSON(c, http.StatusAccepted, canceling{"cancelling"})
}
