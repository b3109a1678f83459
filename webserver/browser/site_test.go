//go:build browser

package browser_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"kernelindexer/testrepo"
)

// helpURL is where the sites of the tests send those who ask for help; nothing ever asks for it.
const helpURL = "https://help.example.org/kernels"

// served makes the index of the made-up repository once: two runs, so that there are changes.
var served = sync.OnceValues(func() (string, error) {
	folder, err := scratch()
	return filepath.Join(folder, "repository"), err
})

var servedOnce sync.Once

// repository returns the folder of the indexed made-up repository, which nobody changes; see [copied].
func repository(t testing.TB) string {
	t.Helper()
	root, err := served()
	if err != nil {
		t.Fatal(err)
	}
	servedOnce.Do(func() { makeRepository(t, root) })
	if _, err := os.Stat(filepath.Join(root, documents[0])); err != nil {
		t.Fatal(err) // an earlier test failed to make it
	}
	return root
}

// makeRepository has the history that the page of changes shows: at first there is no pecan 1.91, and astro is older;
// and there is a kernel that goes.
func makeRepository(t testing.TB, root string) {
	t.Helper()
	all := kernels()
	first := map[string]*builder{astro: olderAstro(), bioconductor: all[bioconductor], ctmm: all[ctmm], pecan9: all[pecan9], climate: all[climate]}
	write(t, root, first)
	index(t, root, 0)
	age(t, root, 6*24*time.Hour)
	for _, gone := range []string{astro, climate} {
		if err := os.RemoveAll(filepath.Join(root, gone)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root, map[string]*builder{astro: all[astro], pecan91: all[pecan91]})
	index(t, root, 0)
	age(t, root, 12*time.Minute)
}

// olderAstro is astro before an upgrade and some additions.
func olderAstro() *builder {
	b := newAstro()
	kept := b.Packages[:0]
	for _, p := range b.Packages {
		switch p.Record.Name {
		case "scipy":
			older := testrepo.Recipe{Kind: testrepo.PythonNoarch, Name: "scipy", Version: "1.13.0", Python: b.python, Files: 4}
			kept = append(kept, older.Make())
		case "sunpy", "specutils":
		default:
			kept = append(kept, p)
		}
	}
	b.Packages = kept
	return b
}

// copied returns a copy of the published documents, for a test to spoil.
func copied(t testing.TB) string {
	t.Helper()
	from, to := repository(t), t.TempDir()
	for _, name := range documents {
		content, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// listening is what kernel-web logs once it answers.
var listening = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// serve starts kernel-web on a folder and returns where it answers, without a slash at the end. It ends with the test.
func serve(t testing.TB, root string, args ...string) string {
	t.Helper()
	args = append([]string{
		"--kernel-root", root, "--host", "127.0.0.1", "--port", "0", "--metrics-port", "off", "--access-log=false",
		"--site-title", "Campus kernels", "--organization", "Research Computing", "--help-url", helpURL, "--drain-delay", "0s",
	}, args...)
	cmd := exec.Command(program(t, "kernel-web"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	logs, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // it may have ended
		cmd.Wait()         // it was killed
		logs.Close()
	})
	address, said := "", ""
	for lines := bufio.NewScanner(logs); address == "" && lines.Scan(); {
		said += lines.Text() + "\n"
		address = listening.FindString(lines.Text())
	}
	if address == "" {
		t.Fatalf("kernel-web %v did not start:\n%s", args, said)
	}
	go io.Copy(io.Discard, logs) // the log of a server that answers
	await(t, "http://"+address)
	return "http://" + address
}

// await waits until the server has tried to load its documents.
func await(t testing.TB, origin string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, origin+"/api/refresh", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(fmt.Errorf("%s does not answer", origin))
}
