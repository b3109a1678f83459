package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"

	"kernelindexer/k8s/processtype"
)

// server answers.
type server struct {
	options Options
	metrics *metrics
	uploads *semaphore.Weighted
	streams *semaphore.Weighted
	tails   *tails

	typesKept *kept[*processtype.Set] // by the digest of the schemas
	namesKept *kept[[]string]         // of packages, by the name of their list
}

const (
	livePath  = "/healthz"
	readyPath = "/readyz"
)

// New returns the routes of the whole interface, for package serve. They are safe for concurrent use.
func New(options Options) (*echo.Echo, error) {
	options.setDefaults()
	if err := options.Launch.Check(); err != nil {
		return nil, err
	}
	s := &server{
		options: options, metrics: newMetrics(options.Metrics),
		typesKept: newKept[*processtype.Set](maxTypes), namesKept: newKept[[]string](maxLists),
		uploads: semaphore.NewWeighted(options.Upload.Concurrent), streams: semaphore.NewWeighted(int64(options.Streams)),
	}
	s.tails = newTails(options.Logs, options.Runs, options.Poll)
	e := s.echo()
	s.route(e)
	return e, nil
}

// Starting returns what is answered before there is a server: the process is alive, and all else comes later.
func Starting() *echo.Echo {
	s := &server{}
	e := s.echo()
	e.GET(livePath, s.live)
	e.Any("/*", func(echo.Context) error { return fail(codeUnavailable, "not ready: the service is starting") })
	return e
}

// Probes are the routes that an orchestrator asks every few seconds.
func Probes() []string { return []string{livePath, readyPath} }

func (s *server) echo() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	return e
}

// route says which address is what.
func (s *server) route(e *echo.Echo) {
	e.GET(livePath, s.live)
	e.GET(readyPath, s.ready)
	e.GET("/openapi.json", s.openAPI)

	known := authenticated{e, s}
	known.POST("/api/v1/environment", s.upload)
	known.PUT("/api/v1/environment/:id", s.replace)
	known.DELETE("/api/v1/environment/:id", s.deleteEnvironment)
	known.GET("/api/v1/environment", s.listEnvironments)
	known.GET("/api/v1/environment/:id", s.getEnvironment)
	known.GET("/api/v1/environment/:id/packages", s.packages)
	known.GET("/api/v1/environment/:id/sbom", s.bom)

	known.GET("/environments", s.listForForms)
	known.POST("/environments", s.register)
	known.GET("/environments/:id/process-types", s.typesOf)
	known.GET("/environments/:id/process-types/:type", s.typeOf)
	known.GET("/process-types", s.allTypes)

	known.POST("/projects/:project/process", s.launch)
	known.GET("/projects/:project/processes", s.listProcesses)
	known.GET("/projects/:project/process/:process", s.getProcess)
	known.GET("/projects/:project/process/:process/logs", s.logs)
	known.GET("/projects/:project/process/:process/versions/:version", s.getVersion)
	known.GET("/projects/:project/process/:process/versions/:version/logs", s.logs)
	known.GET("/projects/:project/process/:process/versions/:version/result", s.result)
	known.POST("/projects/:project/process/:process/versions/:version/cancel", s.cancel)
	known.POST("/projects/:project/process/:process/versions/:version/clone", s.clone)
}

type health struct {
	Status string `json:"status"`
}

func (s *server) live(c echo.Context) error { return writeJSON(c, http.StatusOK, health{"alive"}) }

func (s *server) ready(c echo.Context) error {
	if err := s.options.Ready(); err != nil {
		return &failure{code: codeUnavailable, detail: "not ready: " + err.Error()}
	}
	return writeJSON(c, http.StatusOK, health{"ready"})
}
