//go:build browser

package browser_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hangEnv makes the test binary start a browser, say which profile it has, and hang.
const hangEnv = "KERNEL_BROWSER_TEST_HANG"

func hang() {
	c, _, err := start()
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(c.profile)
	time.Sleep(time.Minute)
	os.Exit(1)
}

// Nothing of a browser is left when its test ends, nor its profile.
func TestNothingIsLeftOfABrowser(t *testing.T) {
	c, end, err := start()
	if err != nil {
		t.Fatal(err)
	}
	if len(processesWith(c.profile)) == 0 {
		t.Error("the processes of a running browser are not found")
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if left := processesWith(c.profile); len(left) > 0 {
		t.Error("left:", left)
	}
	if _, err := os.Stat(c.profile); !os.IsNotExist(err) {
		t.Error("the profile is left:", err)
	}
}

// A test that is killed, as go test does at its time limit, takes its browser with it.
func TestABrowserEndsWithItsTest(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), hangEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	profile := strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(profile, os.TempDir()) {
		t.Fatalf("%q, %v", line, err)
	}
	defer os.RemoveAll(profile)
	if len(processesWith(profile)) == 0 {
		t.Error("no browser runs")
	}
	cmd.Process.Kill() // Wait says how it ended
	cmd.Wait()         // it was killed
	if err := gone(profile, 10*time.Second); err != nil {
		t.Error(err)
	}
}
