package serve

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// sink is an http.ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s sink) Header() http.Header         { return s.header }
func (s sink) WriteHeader(int)             {}
func (s sink) Write(p []byte) (int, error) { return len(p), nil }

// discard is a log that formats its lines and drops them.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkRequest measures what this package adds to a route: log, metrics, limits and the rest.
func BenchmarkRequest(b *testing.B) {
	body := []byte(`{"query":"numpy","total_matches":0,"packages":[]}`)
	e := echo.New()
	e.GET("/search", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, body) })
	r, err := http.NewRequest(http.MethodGet, "/search?query=numpy", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RequestURI, r.RemoteAddr = "/search?query=numpy", "192.0.2.1:40000"
	run := func(h http.Handler) func(b *testing.B) {
		return func(b *testing.B) {
			w := sink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		}
	}
	b.Run("bare", run(e))
	cfg := &Config{Limits: DefaultLimits(), Log: zerolog.New(discard{}).With().Timestamp().Logger()}
	b.Run("silent", run(NewHandler(cfg, e, &Gate{}, prometheus.NewRegistry())))
	cfg.AccessLog = true
	b.Run("logged", run(NewHandler(cfg, e, &Gate{}, prometheus.NewRegistry())))
}
