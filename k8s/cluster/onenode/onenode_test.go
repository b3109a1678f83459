package onenode

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The clusters themselves are tested in k8s/e2e.

func TestNamesOfClusters(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	for _, name := range []string{"default", "e2e-1", "a", strings.Repeat("a", 32)} {
		l, err := layoutOf(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if want := "/tmp/kernel-indexer-cluster-" + name; l.dir != want {
			t.Errorf("%q is in %s, want %s", name, l.dir, want)
		}
	}
	for _, name := range []string{"", "-", "a-", "A", "a/b", "..", "a.b", "ä", "a\n", strings.Repeat("a", 33)} {
		if l, err := layoutOf(name); err == nil {
			t.Errorf("%q names %s", name, l.dir)
		}
	}
	for _, temp := range []string{"/run/user/0", "/var/log", "/" + strings.Repeat("long/", 20)} {
		t.Setenv("TMPDIR", temp)
		if _, err := layoutOf("default"); err == nil {
			t.Errorf("TMPDIR=%s is of no use, and taken", temp)
		}
	}
}

// TestMissingIsOneLineWithTheCommand looks for programs where there are none.
func TestMissingIsOneLineWithTheCommand(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Setenv("PATH", t.TempDir())
		if err := Missing(); err == nil || !strings.Contains(err.Error(), "needs root") {
			t.Errorf("without root: %v", err)
		}
		return
	}
	t.Setenv("PATH", t.TempDir())
	err := Missing(Need{"buildah", "buildah"})
	if err == nil {
		t.Fatal("nothing is missing on an empty PATH")
	}
	const install = "apt-get install --no-install-recommends buildah containerd "
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, install) || strings.Count(text, "containerd ") != 1 {
		t.Errorf("%v: want one line with %q", text, install)
	}
}

// TestCertificatesAreTrustedAndNamed connects with each identity.
func TestCertificatesAreTrustedAndNamed(t *testing.T) {
	l := layout{t.TempDir()}
	if err := os.Mkdir(l.path("pki"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writePKI(l); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	ca, err := os.ReadFile(l.path("pki", "ca.crt"))
	if err != nil || !trusted.AppendCertsFromPEM(ca) {
		t.Fatalf("ca.crt: %v", err)
	}
	server := keyPair(t, l, "kube-apiserver")
	for _, who := range identities {
		client := keyPair(t, l, who.file)
		near, far := net.Pipe()
		accepted := tls.Server(far, &tls.Config{
			Certificates: []tls.Certificate{server}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
		})
		done := make(chan error, 1)
		go func() { done <- accepted.Handshake() }()
		dialed := tls.Client(near, &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: trusted, ServerName: nodeIP})
		if err := errors.Join(dialed.Handshake(), <-done); err != nil {
			t.Fatalf("%s: %v", who.file, err)
		}
		subject := accepted.ConnectionState().PeerCertificates[0].Subject
		if groups := strings.Join(subject.Organization, " "); subject.CommonName != who.user || groups != who.group {
			t.Errorf("%s is %s of %q", who.file, subject.CommonName, groups)
		}
		hangUp(near, far)
	}
	for _, name := range []string{"ca.key", "admin.key"} {
		if info, err := os.Stat(l.path("pki", name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func keyPair(t *testing.T, l layout, name string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(l.path("pki", name+".crt"), l.path("pki", name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestConfigurationsAreFilledIn also shows that the administrator's configuration, and no other, leads to the port
// outside.
func TestConfigurationsAreFilledIn(t *testing.T) {
	l := layout{t.TempDir()}
	for _, dir := range l.folders() {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeConfigs(l, 4711, Options{Kubelet: "maxPods: 7", Containerd: "# more"}); err != nil {
		t.Fatal(err)
	}
	var outside []string
	err := filepath.WalkDir(l.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "{{") || strings.Contains(string(text), "<no value>") {
			t.Errorf("%s is not filled in:\n%s", path, text)
		}
		for name, more := range map[string]string{"kubelet.yaml": "\nmaxPods: 7\n", "containerd.toml": "\n# more\n"} {
			if filepath.Base(path) == name && !strings.HasSuffix(string(text), more) {
				t.Errorf("%s lacks what the caller adds:\n%s", path, text)
			}
		}
		if strings.Contains(string(text), "127.0.0.1:4711") {
			outside = append(outside, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{l.adminConfig()}, outside); diff != "" {
		t.Errorf("configurations that lead outside (-want +got):\n%s", diff)
	}
}

func TestVersionIsLinkedIn(t *testing.T) {
	flags := strings.Join(buildArgs("v1.36.3"), " ")
	for _, want := range []string{".gitVersion=v1.36.3 ", ".gitMajor=1 ", ".gitMinor=36"} {
		if !strings.Contains(flags, want) {
			t.Errorf("no %q in %s", want, flags)
		}
	}
}

// TestLockTellsTheLivingFromTheDead claims a directory twice, and once more after its holder's end.
func TestLockTellsTheLivingFromTheDead(t *testing.T) {
	l := layout{filepath.Join(t.TempDir(), "c")}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	first, free, err := takeLock(l)
	if err != nil || !free {
		t.Fatal(free, err)
	}
	if _, free, err := takeLock(l); free || err != nil {
		t.Errorf("held, and then taken: %t, %v", free, err)
	}
	if err := writeState(l, State{Keeper: 17, Started: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	if text := l.holder(); !strings.Contains(text, "process 17 since 1970") {
		t.Errorf("held by %q", text)
	}
	first.Close()
	second, free, err := takeLock(l)
	if err != nil || !free {
		t.Fatalf("free, and not taken: %v", err)
	}
	second.Close()
}

// TestNobodyElsesDirectoryIsTaken lays traps where a cluster's directory is to be: root removes what is in there.
func TestNobodyElsesDirectoryIsTaken(t *testing.T) {
	victim := t.TempDir()
	traps := map[string]func(dir string) error{
		"a link":            func(dir string) error { return os.Symlink(victim, dir) },
		"a file":            func(dir string) error { return os.WriteFile(dir, nil, 0o700) },
		"a folder for all":  func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777)) },
		"somebody's folder": func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, 12345, 12345)) },
	}
	for name, lay := range traps {
		if name == "somebody's folder" && os.Geteuid() != 0 {
			continue // nobody can give one away
		}
		l := layout{filepath.Join(t.TempDir(), "c")}
		if err := lay(l.dir); err != nil {
			t.Fatal(err)
		}
		if _, err := claim(l); err == nil || !strings.Contains(err.Error(), "is not a directory of this user alone") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(victim); err != nil || len(entries) > 0 {
		t.Errorf("a link was followed: %v, %v", entries, err)
	}
}

// TestStopSignalsNoStranger lets the state name a process that is no keeper, as after its id was given to another.
func TestStopSignalsNoStranger(t *testing.T) {
	l := layout{t.TempDir()}
	if err := writeState(l, State{Keeper: os.Getpid()}); err != nil {
		t.Fatal(err)
	}
	if err := tellKeeper(l, syscall.SIGTERM); err == nil || !strings.Contains(err.Error(), "is no keeper") {
		t.Errorf("this process would have been ended: %v", err)
	}
	for _, broken := range []string{"", "{", `{"keeper": "x"}`} {
		if err := os.WriteFile(l.state(), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := tellKeeper(l, syscall.SIGTERM); err == nil {
			t.Errorf("state %q: no error", broken)
		}
	}
}

// TestSweepRemovesNoMount puts a file system into the directory of a cluster, as no cluster does where it is seen.
func TestSweepRemovesNoMount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("not as root: who may not mount has nothing to lose here")
		return
	}
	l := layout{filepath.Join(t.TempDir(), "c")}
	kept := filepath.Join(l.path("other"), "kept")
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("kept", filepath.Dir(kept), "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	mounted := true
	unmount := func() {
		if mounted {
			mounted = unix.Unmount(filepath.Dir(kept), 0) != nil
		}
	}
	t.Cleanup(unmount)
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sweep(l); err == nil || !strings.Contains(err.Error(), "something is mounted at "+filepath.Dir(kept)) {
		t.Errorf("sweep: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	unmount()
	if err := sweep(l); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(l.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was left: %v", err)
	}
}
