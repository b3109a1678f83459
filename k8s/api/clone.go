package api

import (
	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/runs"
)

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
