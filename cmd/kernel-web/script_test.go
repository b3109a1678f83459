package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kernelindexer/cli/clitest"
)

func TestMain(m *testing.M) {
	if os.Getenv(runEnv) != "" {
		os.Exit(run())
	}
	testscript.Main(m, map[string]func(){
		"kernel-web": func() { os.Exit(run()) },
		"publish":    func() { os.Exit(report(publish(context.Background(), os.Args[1:]))) },
		"ask":        func() { os.Exit(report(askOnce(os.Args[1:]))) },
	})
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestScripts runs the program as its users do: one script a rule, see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each process sleeps a second at its end
			env.Values[serverKey{}] = &scriptServer{}
			env.Defer(env.Values[serverKey{}].(*scriptServer).kill)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":  serveCmd,
			"until":  until,
			"signal": signalCmd,
			"ended":  ended,
			"exits":  clitest.Exits,
		},
	})
}

// scriptServer is the server that a script runs, one at a time.
type scriptServer struct {
	cmd  *exec.Cmd
	done chan error
}

type serverKey struct{}

func (s *scriptServer) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.done
		s.cmd = nil
	}
}

// serveCmd starts the program on free ports and waits until it listens: serve ARG …. $API and $METRICS are its URLs, and
// the files log and errors what it writes.
func serveCmd(ts *testscript.TestScript, _ bool, args []string) {
	server := ts.Value(serverKey{}).(*scriptServer)
	server.kill()
	log, err := os.Create(ts.MkAbs("log"))
	ts.Check(err)
	defer log.Close()
	errLog, err := os.Create(ts.MkAbs("errors"))
	ts.Check(err)
	defer errLog.Close()
	args = append([]string{"--host", "127.0.0.1", "--port", "0", "--metrics-port", "0"}, args...)
	path, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "kernel-web"))
	ts.Check(err)
	server.cmd = exec.Command(path, args...)
	server.cmd.Dir, server.cmd.Stdout, server.cmd.Stderr = ts.MkAbs("."), log, errLog
	for _, name := range []string{"PATH", "HOME", "GORACE", "TESTSCRIPT_COMMAND", "WORKERS", "REFRESH_TOKEN", "LOG_LEVEL", "KERNEL_ROOT", "GOCOVERDIR", "DRAIN_DELAY"} {
		server.cmd.Env = append(server.cmd.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(server.cmd.Start())
	server.done = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan<- error) { done <- cmd.Wait() }(server.cmd, server.done)
	address := regexp.MustCompile(`"address":"([^"]+)"(?:,"metrics":"([^"]+)")?`)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if m := address.FindStringSubmatch(ts.ReadFile("log")); m != nil {
			ts.Setenv("API", "http://"+m[1])
			ts.Setenv("METRICS", "http://"+m[2])
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("does not listen: %s%s", ts.ReadFile("log"), ts.ReadFile("errors"))
		}
	}
}

// until runs a command again and again until its output matches: until REGEXP COMMAND ….
func until(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		out := ts.ReadFile("stdout")
		if err == nil && want.MatchString(out) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("never %s: %s %v", args[0], out, err)
		}
	}
}

// signalCmd sends a signal to the server: signal TERM.
func signalCmd(ts *testscript.TestScript, _ bool, args []string) {
	number := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT}[args[0]]
	ts.Check(ts.Value(serverKey{}).(*scriptServer).cmd.Process.Signal(number))
}

// ended waits until the server has ended with a code: ended 0.
func ended(ts *testscript.TestScript, _ bool, args []string) {
	server := ts.Value(serverKey{}).(*scriptServer)
	select {
	case <-server.done:
	case <-time.After(20 * time.Second):
		ts.Fatalf("still running")
	}
	code := server.cmd.ProcessState.ExitCode()
	server.cmd = nil
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s: %s", code, args[0], ts.ReadFile("errors"))
	}
}

// askOnce sends a request and prints status, headers and body: ask [-X METHOD] [-H 'NAME: VALUE'] … URL.
func askOnce(args []string) error {
	method, header := http.MethodGet, http.Header{}
	for len(args) > 2 {
		switch args[0] {
		case "-X":
			method = args[1]
		case "-H":
			name, value, _ := strings.Cut(args[1], ": ")
			header.Add(name, value)
		}
		args = args[2:]
	}
	r, err := http.NewRequest(method, args[0], nil)
	if err != nil {
		return err
	}
	r.Header = header
	client := http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       20 * time.Second,
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return resp.Write(os.Stdout)
}
