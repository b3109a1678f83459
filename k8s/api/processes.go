package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// processView is a process as it is answered, with the seed's names.
type processView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name,omitzero"`
	Project  string        `json:"project"`
	Domain   string        `json:"domainId"`
	Versions []versionView `json:"versions"`
	Warnings []string      `json:"warnings,omitzero"`
}

// versionView is one version of it.
type versionView struct {
	Version     int                     `json:"version"`
	State       process.State           `json:"state"`
	Phase       process.Phase           `json:"phase,omitzero"`
	Type        string                  `json:"type,omitzero"`
	Parameters  raw                     `json:"parameters,omitzero"`
	Commands    []commandInput          `json:"commands,omitzero"`
	Outputs     raw                     `json:"outputs"`
	Environment environmentView2        `json:"environment"`
	Resources   resources               `json:"resource_requests,omitzero"`
	Deadline    int64                   `json:"deadline_seconds,omitzero"`
	CreatedBy   string                  `json:"createdBy,omitzero"`
	CreatedAt   *time.Time              `json:"createdAt"`
	StartedAt   *time.Time              `json:"startedAt"`
	FinishedAt  *time.Time              `json:"finishedAt"`
	ReturnCode  *int32                  `json:"returncode"`
	Failure     *failureView            `json:"failure"`
	Stages      []process.CommandStatus `json:"stages"`
	Attempts    int                     `json:"attempts"`
	Disrupted   int                     `json:"disrupted,omitzero"`
	Warnings    []string                `json:"warnings,omitzero"`
}

// environmentView2 is the environment that a run has pinned.
type environmentView2 struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	Image    string `json:"image"`
}

// failureView is why a run failed, under the names of the taxonomy.
type failureView struct {
	Code      process.Code    `json:"code"`
	Sub       string          `json:"sub,omitzero"`
	Message   string          `json:"message"`
	Hint      string          `json:"hint,omitzero"`
	Retriable bool            `json:"retriable"`
	Where     *process.Stream `json:"where,omitzero"`
	ExitCode  *int32          `json:"exitCode,omitzero"`
	Signal    int32           `json:"signal,omitzero"`
	Evidence  []string        `json:"evidence"`
	FirstSeen time.Time       `json:"firstSeen"`
}

func viewProcess(versions []runs.Run, warnings []string) processView {
	last := versions[len(versions)-1]
	view := processView{ID: last.Process, Name: last.Name, Project: last.Project, Domain: last.Namespace, Warnings: warnings}
	for _, run := range versions {
		view.Versions = append(view.Versions, viewVersion(run))
	}
	return view
}

func viewVersion(run runs.Run) versionView {
	asked := requestOf(run)
	view := versionView{
		Version: run.Version, State: run.Status.State, Phase: run.Status.Phase, Type: run.Type, Commands: asked.Commands,
		Environment: environmentView2{ID: run.Environment, Revision: run.Revision, Image: run.Image},
		Resources:   asked.Resources, Deadline: asked.Deadline, CreatedBy: run.CreatedBy,
		CreatedAt: run.Status.CreatedAt, StartedAt: run.Status.StartedAt, FinishedAt: run.Status.FinishedAt, ReturnCode: run.Status.ReturnCode,
		Failure: viewFailure(run.Status.Failure), Stages: run.Status.Commands, Attempts: run.Status.Attempts, Disrupted: run.Status.Disrupted, Warnings: run.Status.Warnings,
		Outputs: raw("null"),
	}
	if view.CreatedAt == nil && !run.CreatedAt.IsZero() {
		view.CreatedAt = &run.CreatedAt
	}
	if parameters := raw(run.Parameters); parameters.IsValid() {
		view.Parameters = parameters
	}
	if outputs := raw(run.Outputs); outputs.IsValid() {
		view.Outputs = outputs
	}
	return view
}

func viewFailure(f *process.Failure) *failureView {
	if f == nil {
		return nil
	}
	view := failureView(*f)
	return &view
}

// process returns the versions of the process that the path names, if the user may see them.
func (s *server) process(c echo.Context, resource string) ([]runs.Run, place, error) {
	p, err := s.placeOf(c)
	if err != nil {
		return nil, p, err
	}
	id, err := param(c, "process")
	if err != nil {
		return nil, p, err
	}
	if err := s.require(c, access.Deed{Verb: access.Get, Resource: resource, Domain: p.domain, Name: id}); err != nil {
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
	p, err := s.placeOf(c)
	if err != nil {
		return runs.Run{}, p, err
	}
	id, err := param(c, "process")
	if err != nil {
		return runs.Run{}, p, err
	}
	if err := s.require(c, access.Deed{Verb: access.Get, Resource: resource, Domain: p.domain, Name: id}); err != nil {
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
	state := c.QueryParam("state")
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

// cloneInput is what a clone does differently.
type cloneInput struct {
	Overrides   map[string]raw  `json:"parameter_overrides"`
	Environment *environmentRef `json:"environment"`
	Name        string          `json:"name"`
	Resources   *resources      `json:"resource_requests"`
	Deadline    *int64          `json:"deadline_seconds"`
}

// clone makes a new version of a process, like one there is but for what the body says.
func (s *server) clone(c echo.Context) error {
	run, p, err := s.version(c, access.Processes)
	if err != nil {
		return err
	}
	if err := s.domain(c, access.Deed{Verb: access.Create, Resource: access.Processes, Domain: p.domain}); err != nil {
		return err
	}
	var change cloneInput
	if c.Request().ContentLength != 0 {
		if err := readJSON(c, &change); err != nil {
			return err
		}
	}
	key, err := idempotencyKey(c, p)
	if err != nil {
		return err
	}
	in, err := change.apply(run)
	if err != nil {
		return err
	}
	return s.start(c, p, in, key)
}

// apply makes the request for the clone of a run.
func (change *cloneInput) apply(run runs.Run) (*launchInput, error) {
	in := &launchInput{ID: run.Process, Type: run.Type, Name: run.Name, Environment: environmentRef{run.Environment}, requested: requestOf(run)}
	in.Key, in.Digest = "", ""
	if in.Cut {
		return nil, fail(codeConflict, "the request of version %d was too long to be kept; send it as a new version", run.Version)
	}
	if run.Type != "" {
		parameters := map[string]raw{}
		if err := json.Unmarshal([]byte(run.Parameters), &parameters); err != nil {
			return nil, fail(codeConflict, "the parameters of version %d are not known", run.Version)
		}
		for name, value := range change.Overrides {
			parameters[name] = value
		}
		text, err := json.Marshal(parameters, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		in.Params = text
	} else if len(in.Commands) == 0 {
		return nil, fail(codeConflict, "the commands of version %d are not known", run.Version)
	}
	if change.Environment != nil {
		in.Environment = *change.Environment
	}
	if change.Name != "" {
		in.Name = change.Name
	}
	if change.Resources != nil {
		in.Resources = *change.Resources
	}
	if change.Deadline != nil {
		in.Deadline = *change.Deadline
	}
	if run.Type == "" && change.Overrides != nil {
		return nil, &failure{code: codeInvalid, detail: "commands have no parameters", errors: []fieldError{{"/parameter_overrides", "commands have none"}}}
	}
	return in, nil
}

// failedCommand says whether a run ended because a command of it ended with a code, which is the work's own affair.
func failedCommand(run runs.Run) bool {
	return run.Status.Failure != nil && run.Status.Failure.Code == process.AppError
}
