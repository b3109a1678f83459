package webserver

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// statusData is how the index is, for people.
type statusData struct {
	Loaded    bool
	State     statusAnswer
	Generated moment
	Loads     []statusTime
	Run       *lastRun
	Ended     moment
}

// statusTime is when something last happened.
type statusTime struct {
	Label string
	At    moment
}

// statusPage says what is served, how old it is and what went wrong. It is there before the first good pair, too.
func (s *server) statusPage(c echo.Context) error {
	answer := s.statusNow()
	now := s.Now()
	data := statusData{State: answer, Run: answer.LastRun}
	if answer.Generated != nil {
		data.Loaded, data.Generated = true, momentOf(*answer.Generated, now)
	}
	if data.Run != nil {
		data.Ended = momentOf(data.Run.End, now)
	}
	for _, known := range []struct {
		label string
		at    *string
	}{
		{"Last looked at the files", answer.Reload.Looked},
		{"Last read them", answer.Reload.Tried},
		{"Last found them good", answer.Reload.Success},
		{"Bad since", answer.Reload.Failing},
	} {
		if known.at != nil {
			data.Loads = append(data.Loads, statusTime{known.label, momentOf(*known.at, now)})
		}
	}
	body, err := s.renderPage(frame{
		Name: "status", Title: "Status", Section: "status", Twin: s.BasePath + "/api/v1/status", Main: data,
	})
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h[headerCacheControl] = noStore
	return writeBody(c, http.StatusOK, typeHTML, body)
}
