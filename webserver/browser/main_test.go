//go:build browser

package browser_test

import (
	"fmt"
	"os"
	"testing"
)

// TestMain removes what the tests share, and fails if a chromium of theirs is left.
func TestMain(m *testing.M) {
	if os.Getenv(hangEnv) != "" {
		hang()
	}
	code := m.Run()
	folder, err := scratch()
	if err == nil {
		err = os.RemoveAll(folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if left := processesWith(profilePrefix()); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "a chromium of these tests is left:", left)
		code = 1
	}
	os.Exit(code)
}
