package sandboxtest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const (
	asNobody = "SANDBOXTEST_AS_NOBODY"
	nobody   = 65534
)

// EachUser runs a test as the user running it and, if that is root, whom few permissions stop, also as nobody, in a
// process of its own.
func EachUser(t *testing.T, test func(t *testing.T)) {
	if os.Getenv(asNobody) != "" {
		test(t)
		return
	}
	t.Run("self", test)
	if os.Geteuid() != 0 {
		return
	}
	t.Run("nobody", func(t *testing.T) {
		name := strings.TrimSuffix(t.Name(), "/nobody")
		cmd := exec.Command("/proc/self/exe", "-test.v", "-test.count=1", "-test.run="+pattern(name))
		cmd.Env = append(os.Environ(), asNobody+"=1", "TMPDIR=/tmp")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Errorf("as nobody: %v\n%s", err, out)
		}
	})
}

// pattern selects the one test of that name.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
