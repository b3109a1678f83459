package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// brief are limits that a test can wait for.
func brief(c *Config) {
	c.Limits.ReadHeader, c.Limits.Read, c.Limits.Write, c.Limits.Idle = 300*time.Millisecond, 600*time.Millisecond, 500*time.Millisecond, 400*time.Millisecond
	c.Limits.HeaderBytes, c.Limits.TargetBytes, c.Limits.BodyBytes = 4096, 1000, 100
}

// converse sends bytes on one connection and returns all that comes back until the server closes it.
func converse(t *testing.T, address, request string) string {
	t.Helper()
	conn := dial(t, address)
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 { // a reset after the answer is how the rest of a large request is refused
		t.Fatal(err)
	}
	return string(answer)
}

func TestLargeRequests(t *testing.T) {
	s := start(t, brief)
	for _, c := range []struct {
		name, request, want string
	}{
		{"path and query at the limit", "GET /ok?" + strings.Repeat("x", 996) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200 OK"},
		{"query", "GET /ok?" + strings.Repeat("x", 997) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "414 Request URI Too Long"},
		{"path", "GET /" + strings.Repeat("x", 1000) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "414 Request URI Too Long"},
		{"one header", "GET /ok HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 20_000) + "\r\n\r\n", "431 Request Header Fields Too Large"},
		{"many headers", "GET /ok HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 5000) + "\r\n", "431 Request Header Fields Too Large"},
		{"a request line without an end", "GET /" + strings.Repeat("x", 50_000), "431 Request Header Fields Too Large"},
		{"a body that is announced", "POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", "413 Request Entity Too Large"},
		{"a huge body that is announced", "POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n", "413 Request Entity Too Large"},
		{"a body within the limit", "POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "200 OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, _ := strings.Cut(converse(t, s.api, c.request), "\r\n")
			if got != "HTTP/1.1 "+c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Requests that two parsers could split differently are refused, or end the connection, so that what follows them is
// never answered.
func TestRequestSmuggling(t *testing.T) {
	s := start(t, brief)
	const hidden = "GET /kernel/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		name, head, body string
		want             string // of the first answer
	}{
		{"two lengths", "Content-Length: 0\r\nContent-Length: 40\r\n", "", "400"},
		{"length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "200"},
		{"chunks and length", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n", "200"},
		{"chunks twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "501"},
		{"chunks and another coding", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", "501"},
		{"chunks with a vertical tab", "Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n", "400"},
		{"blank before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", "400"},
		{"folded header", "X: a\r\n Transfer-Encoding: chunked\r\n", "", "200"},
		{"signed length", "Content-Length: +5\r\n", "", "400"},
		{"hexadecimal length", "Content-Length: 0x10\r\n", "", "400"},
		{"bare line feed in a chunk", "Transfer-Encoding: chunked\r\n", "5\nabcde\r\n0\r\n\r\n", "200"},
		{"negative chunk", "Transfer-Encoding: chunked\r\n", "-1\r\n\r\n", "200"},
		{"chunk extension with a line feed", "Transfer-Encoding: chunked\r\n", "1;a\nb\r\nx\r\n0\r\n\r\n", "200"},
		{"a length that hides a request", "Content-Length: 38\r\n", "", "200"},
		{"no host", "", "", "200"},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(c.name+" "+method, func(t *testing.T) {
				answers := converse(t, s.api, method+" /ok HTTP/1.1\r\nHost: x\r\n"+c.head+"\r\n"+c.body+hidden)
				status, _, _ := strings.Cut(strings.TrimPrefix(answers, "HTTP/1.1 "), " ")
				n := strings.Count(answers, "HTTP/1.1 ")
				if status != c.want {
					t.Errorf("status %q, want %s: %q", status, c.want, answers)
				}
				// only behind a request without a body another one may follow on the connection
				plain := c.name == "folded header" || c.name == "no host"
				if n != 1 && !plain || n != 2 && plain {
					t.Errorf("%d answers: %q", n, answers)
				}
			})
		}
	}
}

// Whatever else is sent, the server answers with an error or not at all, and goes on.
func TestOddRequests(t *testing.T) {
	s := start(t, brief)
	for _, c := range []struct{ name, request, want string }{
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP/1.1 400 "},
		{"HTTP/0.9", "GET /ok\r\n\r\n", "HTTP/1.1 400 "},
		{"HTTP/2 without an upgrade", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 "},
		{"HTTP/1.0 without a host", "GET /ok HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "},
		{"HTTP/1.1 without a host", "GET /ok HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
		{"two hosts", "GET /ok HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 "},
		{"a line feed in a value", "GET /ok HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", "HTTP/1.1 400 "},
		{"a zero byte in a header", "GET /ok HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", "HTTP/1.1 400 "},
		{"an absolute target", "GET http://x/ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
		{"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
		{"an invented method", "BREW /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 "},
		{"a broken escape", "GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 "},
		{"an upgrade", "GET /ok HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 200 "},
		{"an expectation", "POST /ok HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 "},
		{"another expectation", "GET /ok HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nConnection: close\r\n\r\n", "HTTP/1.1 417 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := converse(t, s.api, c.request); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
	if resp, _ := ask(t, "GET", "http://"+s.api+"/ok"); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
}

// A client that takes its time is cut off, and meanwhile nobody else waits.
func TestSlowClients(t *testing.T) {
	s := start(t, brief)
	for _, c := range []struct {
		name   string
		client func(conn net.Conn) error // returns when the server has ended the connection
		within time.Duration
	}{
		{"says nothing", waitForEnd, 2 * time.Second},
		{"sends the header byte by byte", func(conn net.Conn) error {
			return drip(conn, "GET /ok HTTP/1.1\r\nHost: x\r\nA: "+strings.Repeat("b", 1000))
		}, 2 * time.Second},
		{"never ends the header", func(conn net.Conn) error {
			return send(conn, "GET /ok HTTP/1.1\r\nHost: x\r\n", waitForEnd)
		}, 2 * time.Second},
		{"never sends the body", func(conn net.Conn) error {
			return send(conn, "POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n", waitForEnd)
		}, 3 * time.Second},
		{"keeps an idle connection", func(conn net.Conn) error {
			return send(conn, "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n", waitForEnd)
		}, 3 * time.Second},
		{"does not read the answer", func(conn net.Conn) error {
			return send(conn, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", func(conn net.Conn) error {
				time.Sleep(1500 * time.Millisecond) // more than the limit; then what is in the buffers comes, and no more
				n, err := io.Copy(io.Discard, conn)
				if n >= int64(len(large)) {
					return fmt.Errorf("all %d bytes came", n)
				}
				_ = err // the end, or a reset
				return nil
			})
		}, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s.api)
			start := time.Now()
			if err := conn.SetDeadline(start.Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if err := c.client(conn); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > c.within {
				t.Errorf("cut off after %v", took)
			}
		})
	}
	t.Run("another client meanwhile", func(t *testing.T) {
		t.Parallel()
		for range 30 {
			start := time.Now()
			if _, body := ask(t, "GET", "http://"+s.api+"/ok"); body != "ok" {
				t.Errorf("answer %q", body)
			}
			if took := time.Since(start); took > s.cfg.Limits.Write {
				t.Errorf("waited for %v", took)
			}
			time.Sleep(40 * time.Millisecond)
		}
	})
}

func waitForEnd(conn net.Conn) error {
	_, err := io.Copy(io.Discard, conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil // the end, or a reset
}

func send(conn net.Conn, text string, then func(net.Conn) error) error {
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	return then(conn)
}

func drip(conn net.Conn, text string) error {
	for i := range len(text) {
		if n, _ := conn.Write([]byte{text[i]}); n == 0 {
			return nil // cut off
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%d bytes took %d ms, and nobody minded", len(text), 10*len(text))
}

// A large answer may take longer than the time limit, as long as it moves on.
func TestSteadyReaderGetsALargeAnswer(t *testing.T) {
	s := start(t, brief)
	conn := dial(t, s.api)
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, buf := 0, make([]byte, 1<<20)
	for err == nil {
		var k int
		k, err = io.ReadFull(resp.Body, buf)
		n += k
		time.Sleep(60 * time.Millisecond)
	}
	if took := time.Since(begin); n != len(large) || took < 800*time.Millisecond {
		t.Errorf("%d of %d bytes in %v: %v", n, len(large), took, err)
	}
}

// What takes long here, as a refresh may, is not the client's fault: neither is it broken off, nor its answer.
func TestSlowHandlerIsNotBrokenOff(t *testing.T) {
	s := start(t, brief)
	for _, method := range []string{"GET", "POST"} {
		if resp, body := ask(t, method, "http://"+s.api+"/think"); resp.StatusCode != 200 || body != "thought" {
			t.Errorf("%s: %d %q", method, resp.StatusCode, body)
		}
	}
}

// Clients beyond the limit wait until one goes. The probes at the metrics port do not.
func TestConnectionLimit(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Connections = 3; c.Limits.Idle = time.Minute })
	var open []net.Conn
	for range 3 {
		conn := dial(t, s.api)
		if _, err := io.WriteString(conn, "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if status := readStatus(t, conn); status != 200 {
			t.Fatalf("%d", status)
		}
		open = append(open, conn)
	}
	waiting := dial(t, s.api)
	if _, err := io.WriteString(waiting, "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := waiting.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Read(make([]byte, 1)); err == nil {
		t.Error("a fourth client was answered")
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if resp, _ := ask(t, "GET", "http://"+s.metrics+path); resp.StatusCode != 200 {
			t.Errorf("%s at the metrics port: %d", path, resp.StatusCode)
		}
	}
	if m := metricsText(t, s); !strings.Contains(m, "\nkernel_web_http_connections 3\n") {
		t.Error("the metrics do not count 3 connections")
	}
	open[0].Close()
	if err := waiting.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if status := readStatus(t, waiting); status != 200 {
		t.Errorf("after one has gone: %d", status)
	}
}

func readStatus(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// Connections that break off at any point leave neither a goroutine (see TestMain) nor a descriptor behind.
func TestBrokenConnections(t *testing.T) {
	s := start(t, func(c *Config) { c.AccessLog = false })
	ask(t, "GET", "http://"+s.api+"/ok")
	before := openFiles(t)
	for i := range 200 {
		conn, err := net.Dial("tcp", s.api)
		if err != nil {
			t.Fatal(err)
		}
		request := []string{"", "GET /l", "GET /large HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hang HTTP/1.1\r\nHost: x\r\n\r\n"}[i%4]
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if i%8 < 4 {
			if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset rather than an end
				t.Fatal(err)
			}
		}
		conn.Close()
	}
	eventually(t, "all connections closed", func() bool { return openFiles(t) <= before })
	eventually(t, "no request in flight", func() bool {
		return strings.Contains(metricsText(t, s), "\nkernel_web_http_requests_in_flight 0\n")
	})
}
