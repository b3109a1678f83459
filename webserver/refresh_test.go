package webserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"kernelindexer/webserver"
	"kernelindexer/webserver/reload"
)

func TestRefreshToken(t *testing.T) {
	s := newSite(t, "ours", func(o *webserver.Options) { o.RefreshToken = "s3cret token" })
	for _, c := range []struct {
		name, field string
		status      int
	}{
		{"none", "X-Other: 1", 401},
		{"right", "Authorization: Bearer s3cret token", 200},
		{"any case of the scheme", "Authorization: bearer s3cret token", 200},
		{"blanks around", "Authorization: Bearer   s3cret token ", 200},
		{"wrong", "Authorization: Bearer s3cret Token", 401},
		{"part", "Authorization: Bearer s3cret", 401},
		{"longer", "Authorization: Bearer s3cret token2", 401},
		{"empty", "Authorization: Bearer ", 401},
		{"no scheme", "Authorization: s3cret token", 401},
		{"another scheme", "Authorization: Basic s3cret token", 401},
		{"empty header", "Authorization: ", 401},
	} {
		w := s.ask(http.MethodPost, "/api/refresh", c.field)
		if w.Code != c.status || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", c.name, w.Code, w.Header())
		}
		if w.Code == 401 {
			diff(t, c.name, `{"detail":"Refresh needs a valid bearer token"}`, w.Body.String())
		}
	}
	s.get(http.StatusOK, "/api/languages") // nothing else asks for it
}

// A page of another site cannot have a browser send the request; programs, which send no such headers, can.
func TestRefreshFromAnotherSite(t *testing.T) {
	s := newSite(t, "ours")
	for field, status := range map[string]int{
		"Sec-Fetch-Site: cross-site": 403, "Sec-Fetch-Site: same-origin": 200, "Sec-Fetch-Site: none": 200,
		"Origin: https://evil.example": 403, "Origin: http://example.com": 200, "Accept: */*": 200,
	} {
		if w := s.ask(http.MethodPost, "/api/refresh", field); w.Code != status {
			t.Errorf("%s: %d %s", field, w.Code, w.Body)
		}
	}
}

// A refresh that finds bad files says so and leaves what is served.
func TestRefreshKeepsTheLastGoodPair(t *testing.T) {
	s := newSite(t, "ours")
	before := s.get(http.StatusOK, "/api/packages/search").Body.String()
	s.remove("package_index.json")
	w := s.ask(http.MethodPost, "/api/refresh")
	diff(t, "answer", `{"detail":"Failed to load required data files:\n  - Required file not found: `+s.dir+`/package_index.json"}`, w.Body.String())
	diff(t, "search", before, s.get(http.StatusOK, "/api/packages/search").Body.String())
	if body := s.get(http.StatusOK, "/health").Body.String(); !strings.HasPrefix(body, `{"status":"healthy","collated_manifests_loaded":true,"package_index_loaded":true,`) {
		t.Error(body)
	}
	s.use("original")
	if w := s.ask(http.MethodPost, "/api/refresh"); w.Code != http.StatusOK {
		t.Error(w.Body)
	}
	if s.get(http.StatusOK, "/api/packages/search").Body.String() == before {
		t.Error("the search answers as before the refresh")
	}
}

// fakePair is a pair that says what it is told.
type fakePair struct {
	view    *reload.View
	state   reload.State
	refresh error
}

func (p *fakePair) Current() *reload.View         { return p.view }
func (p *fakePair) State() reload.State           { return p.state }
func (p *fakePair) Refresh(context.Context) error { return p.refresh }

func newFakeSite(t testing.TB, p *fakePair, change ...func(*webserver.Options)) *site {
	t.Helper()
	s := &site{t: t, pair: p}
	s.start(change...)
	return s
}

func TestRefreshThatDoesNotFinish(t *testing.T) {
	for _, err := range []error{reload.ErrStopped, context.Canceled} {
		w := newFakeSite(t, &fakePair{refresh: err}).ask(http.MethodPost, "/api/refresh")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%v: %d %v", err, w.Code, w.Header())
		}
	}
}

// The original wrote times as Python does: local, with microseconds unless they are none.
func TestLastRefresh(t *testing.T) {
	at := time.Date(2026, 1, 31, 4, 5, 6, 0, time.Local)
	for text, success := range map[string]time.Time{
		"null":                         {},
		`"2026-01-31T04:05:06"`:        at.Add(999),
		`"2026-01-31T04:05:06.000001"`: at.Add(1999),
		`"2026-01-31T04:05:06.120000"`: at.Add(120 * time.Millisecond).UTC(),
	} {
		s := newFakeSite(t, &fakePair{state: reload.State{Success: success}})
		diff(t, text, `{"status":"unhealthy","collated_manifests_loaded":false,"package_index_loaded":false,"last_refresh":`+text+`}`,
			s.get(http.StatusOK, "/health").Body.String())
		diff(t, text, `{"status":"reloaded","message":"Data files reloaded from disk (no indexing performed)","last_refresh":`+text+`}`,
			s.ask(http.MethodPost, "/api/refresh").Body.String())
	}
}

func TestProbes(t *testing.T) {
	ending := false
	closing := func(o *webserver.Options) { o.Closing = func() bool { return ending } }
	ready, empty := newSite(t, "ours", closing), newSite(t, "", closing)
	diff(t, "ready", `{"status":"ready"}`, ready.get(http.StatusOK, "/readyz").Body.String())
	diff(t, "no data", `{"status":"no data loaded"}`, empty.get(http.StatusServiceUnavailable, "/readyz").Body.String())
	diff(t, "alive", `{"status":"alive"}`, empty.get(http.StatusOK, "/livez").Body.String())
	ending = true
	diff(t, "ending", `{"status":"ending"}`, ready.get(http.StatusServiceUnavailable, "/readyz").Body.String())
	ready.get(http.StatusOK, "/livez")
	ready.get(http.StatusOK, "/api/languages")
}
