package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is an interval that no test lives to see.
const long = time.Hour

var testTime = time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC)

// texts are both documents of a pair.
type texts [2]string

// memFile is a manifests.Output in memory.
type memFile struct{ bytes.Buffer }

func (m *memFile) WriteAt(p []byte, at int64) (int, error) { return copy(m.Bytes()[at:], p), nil }

// pairOf makes a pair of ours with one kernel of that version.
func pairOf(t testing.TB, version string) texts { return pairOfMany(t, version, 1) }

func pairOfMany(t testing.TB, version string, kernels int) texts {
	t.Helper()
	collated, index := &memFile{}, &bytes.Buffer{}
	_, err := manifests.Collate(context.Background(), entries(version, kernels), testTime, manifests.Outputs{Collated: collated, Index: index})
	if err != nil {
		t.Fatal(err)
	}
	return texts{collated.String(), index.String()}
}

func entries(version string, kernels int) func(yield func(manifests.Entry, error) bool) {
	return func(yield func(manifests.Entry, error) bool) {
		for i := range kernels {
			m := manifests.Manifest{
				Language: "R", KernelName: fmt.Sprintf("pecan%05d", i), KernelVersion: version, LanguageVersion: "4.5.1",
				IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: "v1:0",
			}
			for j := range 30 {
				m.Packages = append(m.Packages, manifests.Package{
					Name: fmt.Sprintf("package%04d", (i*7+j*13)%2000), Version: fmt.Sprint("1.", i%10), Source: manifests.SourceR,
				})
			}
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}
}

// originalPair is a pair as the original wrote it, without generation.
func originalPair(version string) texts {
	return texts{
		`{"indexed_date": "2026-01-31T04:05:06Z", "total_kernels": 1, "kernels": [{"kernel_name": "pecan00000",
"kernel_version": "` + version + `", "language": "R", "language_version": "4.5.1", "indexed_date": "2026-01-31T04:05:06Z",
"packages": [{"name": "sf", "version": "1.0-21", "source": "r"}], "manifest_path": "R/pecan00000/` + version + `/package_manifest.json",
"package_count": 1}]}`,
		`{"indexed_date": "2026-01-31T04:05:09Z", "total_packages": 1, "packages": [{"name": "sf", "kernel_count": 1, "kernels": [
{"kernel_name": "pecan00000", "kernel_version": "` + version + `", "package_version": "1.0-21", "source": "r", "kernel_language": "R"}]}]}`,
	}
}

// store is where a pair is published.
type store struct {
	t      testing.TB
	config reload.Config
	log    *lockedBuffer
}

func newStore(t testing.TB) *store {
	t.Helper()
	return storeIn(t, filepath.Join(t.TempDir(), "data"))
}

func storeIn(t testing.TB, dir string) *store {
	t.Helper()
	s := &store{t: t, log: &lockedBuffer{}, config: reload.Config{
		Collated: filepath.Join(dir, manifests.CollatedName), Index: filepath.Join(dir, manifests.PackageIndexName), Interval: long,
	}}
	s.mkdirs()
	return s
}

func (s *store) mkdirs() {
	s.t.Helper()
	for _, path := range s.paths() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *store) paths() [2]string { return [2]string{s.config.Collated, s.config.Index} }

// publish replaces both documents, the index first, as the indexer does.
func (s *store) publish(p texts) {
	s.t.Helper()
	s.replace(reload.Index, p[reload.Index])
	s.replace(reload.Collated, p[reload.Collated])
}

func (s *store) replace(doc reload.Document, text string) {
	s.t.Helper()
	replace(s.t, s.paths()[doc], text)
}

// replace replaces a file by a rename, and whatever else is in its place.
func replace(t testing.TB, path, text string) {
	t.Helper()
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"1")
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, path); err == nil {
		return
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, path); err != nil {
		t.Fatal(err)
	}
}

// runner is a reloader that runs until the test ends.
type runner struct {
	*reload.Reloader
	t    testing.TB
	stop func()

	mu       sync.Mutex
	outcomes []reload.Outcome
}

// start starts a reloader and waits for its first look. prepare may change it
// before.
func (s *store) start(prepare ...func(*reload.Reloader)) *runner {
	s.t.Helper()
	r := &runner{t: s.t}
	config := s.config
	config.Observe = func(o reload.Outcome) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.outcomes = append(r.outcomes, o)
	}
	r.Reloader = reload.New(config)
	for _, p := range prepare {
		p(r.Reloader)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
	s.t.Cleanup(r.stop)
	r.eventually("the first look", func() bool { return !r.State().Looked.IsZero() })
	return r
}

// count returns how many looks came to that result.
func (r *runner) count(result reload.Result) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.outcomes {
		if o.Result == result {
			n++
		}
	}
	return n
}

// eventually waits until something holds.
func (r *runner) eventually(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("never: %s; state %+v", what, r.State())
		}
	}
}

// serves waits until the pair with that version of the kernel is served, and
// checks that its documents are.
func (r *runner) serves(version string, p texts) {
	r.t.Helper()
	r.eventually("serving "+version, func() bool { return served(r.Current()) == version })
	r.eventually("no problem", func() bool { return r.State().Err == nil })
	r.holds(p)
}

// holds checks that what can be read of the current view are these documents.
func (r *runner) holds(p texts) {
	r.t.Helper()
	for _, doc := range []reload.Document{reload.Collated, reload.Index} {
		if got := r.read(doc); got != p[doc] {
			r.t.Errorf("%s of the view:\n%.300s\nwant:\n%.300s", doc, got, p[doc])
		}
	}
}

// read reads a document of the current view, and of the next where that one is
// replaced meanwhile.
func (r *runner) read(doc reload.Document) (text string) {
	r.t.Helper()
	r.eventually("an open document", func() bool {
		f, err := r.Current().Open(doc)
		if errors.Is(err, reload.ErrReplaced) {
			return false
		}
		if err != nil {
			r.t.Fatal(err)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil && !errors.Is(err, reload.ErrReplaced) {
			r.t.Fatal(err)
		}
		text = string(data)
		return err == nil
	})
	return text
}

// refuses has the files read and returns why they were not taken.
func (r *runner) refuses() *reload.LoadError {
	r.t.Helper()
	err := r.Refresh(r.t.Context())
	bad, ok := err.(*reload.LoadError) //nolint:errorlint // the type is the contract
	if !ok {
		r.t.Fatalf("Refresh: %v", err)
	}
	if state := r.State(); state.Err != bad || state.BadSince.IsZero() {
		r.t.Errorf("state %+v does not have the error %v", state, bad)
	}
	return bad
}

func (r *runner) refresh() {
	r.t.Helper()
	if err := r.Refresh(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// served returns the version of the first kernel of a view.
func served(v *reload.View) string {
	if v == nil {
		return ""
	}
	for k := range v.Catalog.Kernels(allKernels) {
		return k.Version()
	}
	return "no kernel"
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// held returns what the process holds: open files and inotify watches.
func held(t testing.TB) (files, watches int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fdinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, _ := os.ReadFile(filepath.Join("/proc/self/fdinfo", e.Name()))
		watches += strings.Count(string(info), "inotify wd:")
	}
	return len(entries), watches
}

// openPaths returns the paths of the open files below dir.
func openPaths(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		path, _ := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if strings.HasPrefix(path, dir+"/") {
			paths = append(paths, strings.TrimPrefix(path, dir+"/"))
		}
	}
	slices.Sort(paths)
	return paths
}

// asUser runs the calling test once more as a user without privileges, and
// reports whether that is what runs now.
func asUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "user") //nolint:usetesting // others may not enter what TempDir makes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "test")
	if err := os.Link(self, binary); err != nil {
		data, err := os.ReadFile(self)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(binary, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = dir, []string{"TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as an unprivileged user: %v\n%s", err, out)
	}
	return false
}
