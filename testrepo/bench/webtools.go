package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tools are the programs that the measurement of the web server needs.
type tools struct{ wrk, nginx, jq string }

// findTools looks for them, also where Debian keeps what only administrators have on their PATH.
func findTools() (t tools, err error) {
	for _, need := range []struct {
		path          *string
		name, debians string
	}{{&t.wrk, "wrk", "wrk"}, {&t.nginx, "nginx", "nginx-light"}, {&t.jq, "jq", "jq"}} {
		if *need.path, err = exec.LookPath(need.name); err == nil {
			continue
		}
		if *need.path, err = exec.LookPath("/usr/sbin/" + need.name); err != nil {
			return t, fmt.Errorf("%s is needed: apt-get install %s", need.name, need.debians)
		}
	}
	return t, nil
}

// process is a server that runs beside the measurement.
type process struct {
	cmd     *exec.Cmd
	address string // host:port
	ended   chan struct{}
}

func (p *process) url(path string) string { return "http://" + p.address + path }

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
}

// resident returns the resident memory in bytes.
func (p *process) resident() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kb, err := strconv.ParseInt(number, 10, 64)
	return kb << 10, err
}

// startWeb starts kernel-web as it is by default, log of requests included, and returns when it is ready.
func (b *bench) startWeb(pair string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(b.temp, "web.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(b.webProgram, "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--metrics-port", "off",
		"--kernel-root", pair, "--drain-delay", "0")
	cmd.Env = append(os.Environ(), "COLLATED_MANIFESTS_PATH=", "PACKAGE_INDEX_PATH=", "LOG_LEVEL=", "REFRESH_TOKEN=", "BASE_PATH=")
	return start(cmd, port, "/readyz", log)
}

// startNginx serves a directory with one worker and without a log, on its best settings for files.
func (b *bench) startNginx(program, root string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the directory is nobody else's
	}
	config := fmt.Sprintf(`%s
worker_processes 1; daemon off; pid %[2]s/pid; error_log %[2]s/error.log;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/json;
  open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
  client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/fastcgi;
  uwsgi_temp_path %[2]s/uwsgi; scgi_temp_path %[2]s/scgi;
  server { listen 127.0.0.1:%[3]d; root %[4]s; }
}
`, user, b.temp, port, root)
	file := filepath.Join(b.temp, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(b.temp, "nginx.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return start(exec.Command(program, "-p", b.temp, "-c", file), port, "/1", log)
}

// start starts a server and waits until it gives a good answer.
func start(cmd *exec.Cmd, port int, path string, log *os.File) (*process, error) {
	cmd.Stdout, cmd.Stderr = log, log
	p := &process{cmd: cmd, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ends is not measured
	}()
	deadline := time.After(5 * time.Minute)
	for {
		_, err := get(p.url(path))
		if err == nil {
			return p, nil
		}
		select {
		case <-time.After(2 * time.Millisecond):
			continue
		case <-p.ended:
		case <-deadline:
			p.stop()
		}
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("%s does not serve: %w\n%s", cmd.Path, err, text)
	}
}

// freePort returns a port of the loopback address that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // nothing is lost
	return l.Addr().(*net.TCPAddr).Port, nil
}

// get returns the body of a good answer.
func get(url string) ([]byte, error) {
	_, body, err := getTagged(url)
	return body, err
}

var client = &http.Client{Timeout: 30 * time.Second}

// getTagged returns the body of a good answer and its entity tag.
func getTagged(url string) (tag string, body []byte, err error) {
	resp, err := client.Get(url)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	body, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(url + ": " + resp.Status)
	}
	return resp.Header.Get("ETag"), body, err
}

// replace puts another pair in the place of the served one, and returns how long it takes from the second rename until
// an answer comes from it.
func (p *process) replace(pair, served string) (time.Duration, error) {
	const small = "/api/languages"
	before, _, err := getTagged(p.url(small))
	if err != nil {
		return 0, err
	}
	if err := replacePair(pair, served); err != nil {
		return 0, err
	}
	renamed := time.Now()
	for {
		tag, _, err := getTagged(p.url(small))
		took := time.Since(renamed)
		switch {
		case err != nil:
			return 0, err
		case tag != before:
			return took, nil
		case took > time.Minute:
			return 0, errors.New("a new pair is not served within a minute")
		}
		time.Sleep(time.Millisecond)
	}
}

// load is what wrk found in one or more rounds.
type load struct {
	rate                    float64       // requests a second in the best round
	p50, p99                time.Duration // in the round where it was shortest
	requests, failed, bytes int64         // of all rounds
}

var (
	wrkRate     = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkMedian   = regexp.MustCompile(`\s50%\s+(\S+)`)
	wrkP99      = regexp.MustCompile(`\s99%\s+(\S+)`)
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkSummary  = regexp.MustCompile(`summary bytes (\d+)`)
	wrkErrors   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkStatuses = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// countBytes has wrk say how much it got to the byte.
const countBytes = `done = function(summary) io.write("summary bytes " .. string.format("%.0f", summary.bytes) .. "\n") end
`

// better puts a load on a URL and takes over what was better than in the rounds before.
func (b *bench) better(best *load, t tools, url string, connections int, script string) error {
	l, err := b.wrk(t, url, connections, script)
	if err != nil {
		return err
	}
	if best.requests > 0 {
		l.rate, l.p50, l.p99 = max(l.rate, best.rate), min(l.p50, best.p50), min(l.p99, best.p99)
		l.requests, l.failed, l.bytes = l.requests+best.requests, l.failed+best.failed, l.bytes+best.bytes
	}
	*best = l
	return nil
}

// wrk asks for a URL for some seconds, with one thread: the other core is the server's.
func (b *bench) wrk(t tools, url string, connections int, script string) (load, error) {
	done := filepath.Join(b.temp, "wrk.lua")
	text := []byte(countBytes)
	if script != "" {
		more, err := os.ReadFile(script)
		if err != nil {
			return load{}, err
		}
		text = append(text, more...)
	}
	if err := os.WriteFile(done, text, 0o600); err != nil {
		return load{}, err
	}
	cmd := exec.Command(t.wrk, "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(b.seconds)+"s", "--latency", "-s", done, url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return parseWrk(string(out))
}

func parseWrk(out string) (l load, err error) {
	field := func(pattern *regexp.Regexp) string {
		if m := pattern.FindStringSubmatch(out); m != nil {
			return m[1]
		}
		err = errors.Join(err, fmt.Errorf("no %s in the output of wrk: %s", pattern, out))
		return "0"
	}
	l.rate, _ = strconv.ParseFloat(field(wrkRate), 64)
	l.p50, _ = time.ParseDuration(field(wrkMedian))
	l.p99, _ = time.ParseDuration(field(wrkP99))
	l.requests, _ = strconv.ParseInt(field(wrkRequests), 10, 64)
	l.bytes, _ = strconv.ParseInt(field(wrkSummary), 10, 64)
	for _, pattern := range []*regexp.Regexp{wrkErrors, wrkStatuses} {
		if m := pattern.FindStringSubmatch(out); m != nil {
			for _, number := range m[1:] {
				n, _ := strconv.ParseInt(number, 10, 64)
				l.failed += n
			}
		}
	}
	return l, err
}
