//go:build browser

package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chrome is a browser of one test, with a profile of its own.
type chrome struct {
	ctx     context.Context
	profile string
}

// limit is how long a test may drive a browser: one that hangs is a failure, not a test that never ends.
const limit = 9 * time.Minute

// chromium returns the path of the browser.
func chromium() (string, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return "", fmt.Errorf("chromium is missing: apt-get install chromium")
	}
	return path, nil
}

// profilePrefix is what the names of all profiles of this process begin with.
func profilePrefix() string {
	return filepath.Join(os.TempDir(), "kernel-profile-"+strconv.Itoa(os.Getpid())+"-")
}

// start starts a browser. The caller ends it with the function that is returned, which waits until it has ended.
func start() (*chrome, func() error, error) {
	path, err := chromium()
	if err != nil {
		return nil, nil, err
	}
	profile, err := os.MkdirTemp("", filepath.Base(profilePrefix()))
	if err != nil {
		return nil, nil, err
	}
	timed, stop := context.WithTimeout(context.Background(), limit)
	allocator, free := chromedp.NewExecAllocator(timed,
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"),
		// Whatever a page asks for, no name is looked up: what is not on the loopback fails, and is seen to be asked for.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
	)
	ctx, leave := chromedp.NewContext(allocator)
	end := func() error {
		defer stop()
		defer free()
		defer leave()
		closed := chromedp.Cancel(ctx) // asks it to close, and waits
		free()
		err := gone(profile, 10*time.Second)
		if removed := os.RemoveAll(profile); err == nil {
			err = removed
		}
		if err == nil && closed != nil && timed.Err() != nil {
			err = fmt.Errorf("the browser was driven for more than %v", limit)
		}
		return err
	}
	if err := chromedp.Do(ctx); err != nil {
		end() // it did not start
		return nil, nil, fmt.Errorf("%s does not start: %w", path, err)
	}
	return &chrome{ctx: ctx, profile: profile}, end, nil
}

// newChrome starts a browser that ends with the test, whatever comes of that.
func newChrome(t *testing.T) *chrome {
	t.Helper()
	c, end, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// gone waits until no process has a text in its command line.
func gone(text string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		left := processesWith(text)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v are left of %s", left, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// processesWith returns the processes, beside this one, with a text in their command line. Chromium's helpers have the
// folder of the profile there, too. A process that has ended and waits for its parent has no command line.
func processesWith(text string) []int {
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	var left []int
	for _, path := range found {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(text)) {
			left = append(left, pid)
		}
	}
	slices.Sort(left)
	return left
}
