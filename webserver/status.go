package webserver

import (
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"
)

// statusAnswer is GET /api/v1/status. It names no path of the server.
type statusAnswer struct {
	Version    string          `json:"version"`
	Generation *string         `json:"generation"`
	Generated  *string         `json:"generated"`
	IndexAge   *int64          `json:"index_age_seconds"`
	Kernels    int             `json:"kernels"`
	Packages   int             `json:"packages"`
	Rows       int             `json:"package_rows"`
	Languages  []languageCount `json:"languages"`
	LastRun    *lastRun        `json:"last_run"`
	RunError   *string         `json:"last_run_error"` // why last_run is not of the file as it is now
	Reload     reloadState     `json:"reload"`
}

type languageCount struct {
	Name    string `json:"name"`
	Kernels int    `json:"kernels"`
}

// lastRun is index_status.json without what is the indexer's own.
type lastRun struct {
	Start        string          `json:"start"`
	End          string          `json:"end"`
	ExitCode     int             `json:"exit_code"`
	Phase        manifests.Phase `json:"phase"`
	Lister       string          `json:"lister,omitempty"`
	Kernels      int             `json:"kernels"`
	Indexed      int             `json:"indexed"`
	Reused       int             `json:"reused"`
	Packages     int             `json:"packages"`
	FailedKernel string          `json:"failed_kernel,omitempty"`
	Error        string          `json:"error,omitempty"`
	Generation   string          `json:"generation,omitempty"`
}

// reloadState is how reading the files goes. Times are null for what has not happened.
type reloadState struct {
	Looked    *string `json:"last_look"`
	Tried     *string `json:"last_attempt"`
	Success   *string `json:"last_success"`
	Failing   *string `json:"failing_since"`
	Error     *string `json:"error"`
	Loads     uint64  `json:"loads"`
	Failures  uint64  `json:"failures"`
	Unchanged uint64  `json:"unchanged"`
}

// status says what is served, how old it is and what went wrong. It answers before the first good pair, too.
func (s *server) status(c echo.Context) error {
	c.Response().Header()[headerCacheControl] = noStore
	return writeJSON(c, s.statusNow())
}

func (s *server) statusNow() statusAnswer {
	state := s.Pair.State()
	answer := statusAnswer{Version: s.Version, LastRun: runOf(state.Status), Reload: reloadOf(state)}
	if view := s.Pair.Current(); view != nil {
		g := view.Catalog
		o, stats := g.Origin(), g.Stats()
		age := int64(max(s.Now().Sub(view.Confirmed()), 0) / time.Second)
		answer.Generation, answer.Generated, answer.IndexAge = o.Generation, &o.Generated, &age
		answer.Kernels, answer.Packages, answer.Rows = stats.Kernels, stats.Packages, stats.Rows
		for l := range g.Languages() {
			answer.Languages = append(answer.Languages, languageCount{l.Name(), l.Len()})
		}
	}
	if state.StatusErr != nil {
		text := state.StatusErr.Error()
		answer.RunError = &text
	}
	return answer
}

func runOf(s *manifests.Status) *lastRun {
	if s == nil {
		return nil
	}
	return &lastRun{
		Start: s.Start, End: s.End, ExitCode: s.ExitCode, Phase: s.Phase, Lister: s.Lister,
		Kernels: s.Kernels, Indexed: s.Indexed, Reused: s.Reused, Packages: s.Packages,
		FailedKernel: s.FailedKernel, Error: s.Error, Generation: s.Generation,
	}
}

func reloadOf(s reload.State) reloadState {
	r := reloadState{
		Looked: timeOf(s.Looked), Tried: timeOf(s.Tried), Success: timeOf(s.Success), Failing: timeOf(s.BadSince),
		Loads: s.Loads, Failures: s.Failures, Unchanged: s.Unchanged,
	}
	if s.Err != nil {
		text := s.Err.Public()
		r.Error = &text
	}
	return r
}

func timeOf(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := manifests.FormatTime(t)
	return &text
}
