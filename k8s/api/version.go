package api

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// maxCollisions is how often another version may come in between.
const maxCollisions = 20

// attempt returns the run that the same request made before, if there is one: whoever sends a request again gets its run,
// whatever became of the environment since. Without a key no two requests are the same.
func (s *server) attempt(c echo.Context, p place, in *launchInput) (runs.Run, bool, error) {
	if in.Key == "" {
		return runs.Run{}, false, nil
	}
	ctx := c.Request().Context()
	if in.ID == "" {
		run, err := s.options.Runs.Version(ctx, p.domain, p.project, in.Key, 0)
		if errors.Is(err, runs.ErrNotFound) {
			return runs.Run{}, false, nil
		}
		if err != nil {
			return runs.Run{}, false, err
		}
		same, err := in.sameAttempt(run)
		return run, same, err
	}
	versions, err := s.options.Runs.Versions(ctx, p.domain, p.project, in.ID)
	if err != nil {
		return runs.Run{}, false, err
	}
	for _, version := range versions {
		if same, err := in.sameAttempt(version); same || err != nil {
			return version, same, err
		}
	}
	return runs.Run{}, false, nil
}

// create gives a run its process and version, and makes it. The Job's name decides races: whoever creates it first has the
// version, the loser tries the next.
func (s *server) create(c echo.Context, p place, in *launchInput, spec process.Spec) (runs.Run, bool, error) {
	ctx := c.Request().Context()
	switch {
	case in.ID != "":
		versions, err := s.options.Runs.VersionsNow(ctx, p.domain, p.project, in.ID)
		if err != nil {
			return runs.Run{}, false, err
		}
		if len(versions) == 0 {
			return runs.Run{}, false, fail(codeNotFound, "there is no process %s", in.ID)
		}
		spec.Process, spec.Version = in.ID, versions[len(versions)-1].Version+1
		if spec.Name == "" {
			spec.Name = versions[len(versions)-1].Name
		}
	case in.Key != "":
		spec.Process = in.Key
	default:
		spec.Process = newID()
	}
	for range maxCollisions {
		run, created, err := s.options.Runs.Launch(ctx, spec)
		if err != nil || created {
			return run, created, err
		}
		if same, err := in.sameAttempt(run); same || err != nil {
			return run, false, err
		}
		if in.ID == "" {
			spec.Process = newID() // once in the age of the universe
		} else {
			spec.Version++
		}
	}
	return runs.Run{}, false, fail(codeConflict, "too many versions at once; try again")
}

// newID is an ID of a process: 60 bits of chance.
func newID() string { return strings.ToLower(rand.Text())[:12] }

// sameAttempt says that a run was made by the same request, sent before. A request with the same key that asks for
// something else is an error of the client.
func (in *launchInput) sameAttempt(run runs.Run) (bool, error) {
	before := requestOf(run)
	if in.Key == "" || before.Key != in.Key {
		return false, nil
	}
	if before.Digest != in.Digest {
		return false, fail(codeIdempotency, "the Idempotency-Key was used for another request, process %s version %d", run.Process, run.Version)
	}
	return true, nil
}

// requestOf is what a run was asked to be; nothing is known of one that others made.
func requestOf(run runs.Run) requested {
	var r requested
	if err := json.Unmarshal([]byte(run.Request), &r); err != nil {
		return requested{}
	}
	return r
}
