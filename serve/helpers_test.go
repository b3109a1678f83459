package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service is a running server with routes made for tests.
type service struct {
	*Server
	api, metrics string // addresses
	log          *lines
	gate         *Gate
	end          context.CancelCauseFunc
	ended        chan error
}

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// large is a document that takes long to send.
var large = bytes.Repeat([]byte("0123456789abcdef"), 1<<20)

// testRoutes has a route for each thing that can go wrong.
func testRoutes(gate *Gate) *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		status := http.StatusInternalServerError
		var known *echo.HTTPError
		if errors.As(err, &known) {
			status = known.Code
		}
		_ = c.JSON(status, map[string]string{"detail": http.StatusText(status)})
	}
	ok := func(c echo.Context) error { return c.String(http.StatusOK, "ok") }
	e.GET("/ok", ok)
	e.POST("/ok", ok)
	e.GET("/kernel/:name", ok)
	e.POST("/length", func(c echo.Context) error {
		n, err := io.Copy(io.Discard, c.Request().Body)
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, strconv.FormatInt(n, 10))
	})
	e.GET("/livez", ok)
	e.GET("/readyz", func(c echo.Context) error {
		if gate.Closed() {
			return c.NoContent(http.StatusServiceUnavailable)
		}
		return ok(c)
	})
	e.GET("/slow", func(c echo.Context) error {
		time.Sleep(300 * time.Millisecond)
		return ok(c)
	})
	e.Match([]string{"GET", "POST"}, "/think", func(c echo.Context) error { // longer than any limit of a test
		select {
		case <-time.After(1500 * time.Millisecond):
			return c.String(http.StatusOK, "thought")
		case <-c.Request().Context().Done():
			return c.Request().Context().Err()
		}
	})
	e.GET("/hang", func(c echo.Context) error {
		<-c.Request().Context().Done()
		return nil
	})
	e.GET("/large", func(c echo.Context) error {
		c.Response().Header().Set("Content-Length", strconv.Itoa(len(large)))
		return c.Blob(http.StatusOK, "application/octet-stream", large)
	})
	e.GET("/panic", func(c echo.Context) error {
		c.Response().Header().Set("ETag", `"half"`)
		c.Response().Header().Set("Content-Length", "100")
		panic("out of cheese")
	})
	e.GET("/fails", func(c echo.Context) error {
		Note(c.Response().Writer, "user", "ada")
		Cause(c.Response().Writer, errors.New("the disk is gone"))
		return echo.NewHTTPError(http.StatusInternalServerError)
	})
	e.GET("/breaks-off", func(c echo.Context) error {
		_ = c.String(http.StatusOK, strings.Repeat("half an answer ", 1000))
		c.Response().Flush()
		Cause(c.Response().Writer, errors.New("the disk is gone"))
		panic(http.ErrAbortHandler)
	})
	e.GET("/panic-late", func(c echo.Context) error {
		_ = c.String(http.StatusOK, strings.Repeat("half an answer ", 1000))
		c.Response().Flush()
		panic("out of cheese")
	})
	e.Match([]string{"GET", "HEAD"}, "/text", func(c echo.Context) error {
		n, err := strconv.Atoi(c.QueryParam("n"))
		if err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set("ETag", `"g1"`)
		for _, line := range c.Request().Header["If-None-Match"] {
			for tag := range strings.SplitSeq(line, ",") {
				if t := strings.TrimPrefix(strings.TrimSpace(tag), "W/"); t == `"g1"` || t == "*" {
					return c.NoContent(http.StatusNotModified)
				}
			}
		}
		return c.String(http.StatusOK, strings.Repeat("a line of text\n", n)[:n])
	})
	return e
}

// start runs a server on free ports of the loopback address until the test ends.
func start(t *testing.T, change ...func(*Config)) *service {
	t.Helper()
	s := &service{log: &lines{}, gate: &Gate{}, ended: make(chan error, 1)}
	cfg := Config{
		Address: "127.0.0.1", Limits: DefaultLimits(), Grace: 5 * time.Second,
		Log: zerolog.New(s.log).Level(zerolog.DebugLevel), AccessLog: true, Compress: true,
		Probes: []string{"/livez", "/readyz"}, Namespace: "kernel_web", Version: "v1", Revision: "abc",
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.Server, err = Listen(t.Context(), cfg, testRoutes(s.gate), s.gate); err != nil {
		t.Fatal(err)
	}
	s.api = s.Addr().String()
	if a := s.MetricsAddr(); a != nil {
		s.metrics = a.String()
	}
	ctx, end := context.WithCancelCause(context.Background())
	s.end = end
	go func() { s.ended <- s.Run(ctx); close(s.ended) }()
	t.Cleanup(func() {
		end(ErrAtOnce)
		<-s.ended
	})
	return s
}

// client returns a client of its own, without connections left at the end.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// reply is what an answer says beside its body.
type reply struct {
	StatusCode int
	Header     http.Header
	Close      bool
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, method, url string, header ...string) (reply, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, resp.Close}, body.String()
}

// dial opens a connection that is closed with the test.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// openFiles counts the descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(os.Getpid()), "fd", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
