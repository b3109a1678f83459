package reload_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// faulty is the real file system with faults and a gate.
type faulty struct {
	mu    sync.Mutex
	fault func(op, path string) error // may also wait

	opened, read atomic.Int64
}

func (f *faulty) set(fault func(op, path string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

func (f *faulty) fail(op, path string) error {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	if fault == nil {
		return nil
	}
	if err := fault(op, path); err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

func (f *faulty) use(r *reload.Reloader) { r.SetFiles(f) }

func (f *faulty) Stat(path string) (fs.FileInfo, error) {
	if err := f.fail("stat", path); err != nil {
		return nil, err
	}
	return os.Stat(path)
}

func (f *faulty) Open(path string) (reload.TestFile, error) {
	f.opened.Add(1)
	if err := f.fail("open", path); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

type faultyFile struct {
	*os.File
	in *faulty
}

func (f *faultyFile) Read(p []byte) (int, error) {
	if err := f.in.fail("read", f.Name()); err != nil {
		return 0, err
	}
	n, err := f.File.Read(p)
	f.in.read.Add(int64(n))
	return n, err
}

func (f *faultyFile) Stat() (fs.FileInfo, error) {
	if err := f.in.fail("fstat", f.Name()); err != nil {
		return nil, err
	}
	return f.File.Stat()
}

// times fails with err n times where op is meant.
func times(n int64, op string, err error) func(string, string) error {
	var left atomic.Int64
	left.Store(n)
	return func(is, _ string) error {
		if is == op && left.Add(-1) >= 0 {
			return err
		}
		return nil
	}
}

// A stale NFS handle is looked up again at once, wherever it comes up; where
// that does not help, the next look does, and no stat need show anything new.
func TestStale(t *testing.T) {
	for _, op := range []string{"stat", "open", "read", "fstat"} {
		t.Run(op, func(t *testing.T) {
			s, files := newStore(t), &faulty{}
			p := pairOf(t, "1.0")
			s.publish(p)
			fault := times(3, op, syscall.ESTALE) // a stat more than the load makes
			files.set(func(op, path string) error {
				if path == s.config.Index {
					return fault(op, path)
				}
				return nil
			})
			r := s.start(files.use)
			if state := r.State(); state.Failures > 0 {
				t.Errorf("it was not tried again: %+v", state)
			}
			r.serves("1.0", p)
		})
	}
	t.Run("for long", func(t *testing.T) {
		s, files := newStore(t), &faulty{}
		s.config.Interval = 10 * time.Millisecond
		p := pairOf(t, "1.0")
		s.publish(p)
		files.set(times(1<<60, "read", syscall.ESTALE))
		r := s.start(files.use)
		if bad := r.refuses(); !errors.Is(bad, syscall.ESTALE) || strings.Contains(bad.Public(), filepath.Dir(s.config.Collated)) {
			t.Errorf("error %v, public %s", bad, bad.Public())
		}
		files.set(nil)
		r.serves("1.0", p)
	})
}

// An error of the file system may pass without a trace in any stat: it is tried
// again at each look.
func TestReadErrorPasses(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.EACCES, syscall.EMFILE} {
		s, files := newStore(t), &faulty{}
		s.config.Interval = 10 * time.Millisecond
		one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
		s.publish(one)
		r := s.start(files.use)
		op := "read"
		if errno != syscall.EIO {
			op = "open"
		}
		files.set(times(1<<60, op, errno))
		s.publish(two)
		r.eventually("the error", func() bool { return errors.Is(r.State().Err, errno) })
		if served(r.Current()) != "1.0" {
			t.Error("the good pair is gone")
		}
		files.set(nil)
		r.serves("2.0", two)
	}
}

// What a stat shows no change of is not opened, however often it is looked at,
// be it good or bad; after an hour, here less, it is read whatever a stat shows.
func TestReadOnlyWhenNew(t *testing.T) {
	bad := pairOf(t, "1.0")
	bad[reload.Index] = "{"
	for name, p := range map[string]texts{"good": pairOf(t, "1.0"), "bad": bad, "absent": {}} {
		t.Run(name, func(t *testing.T) {
			s, files := newStore(t), &faulty{}
			s.config.Interval, s.config.Reread = time.Millisecond, long
			if p != (texts{}) {
				s.publish(p)
			}
			r := s.start(files.use)
			opened := files.opened.Load()
			looks := r.count(reload.Unchanged)
			r.eventually("some looks", func() bool { return r.count(reload.Unchanged) > looks+20 })
			if now := files.opened.Load(); now != opened {
				t.Errorf("%d files were opened", now-opened)
			}
		})
	}
	t.Run("hourly", func(t *testing.T) {
		s, files := newStore(t), &faulty{}
		s.config.Interval, s.config.Reread = time.Millisecond, 50*time.Millisecond
		p := pairOf(t, "1.0")
		s.publish(p)
		r := s.start(files.use, (*reload.Reloader).SetBlind)
		catalog := r.Current().Catalog
		r.eventually("the third reading", func() bool { return r.count(reload.Loaded) >= 3 })
		if r.count(reload.Unchanged) == 0 {
			t.Error("it is read at each look")
		}
		if r.Current().Catalog != catalog {
			t.Error("the same content made another catalog")
		}
	})
}

// A file that is written to while it is read is not taken, and is tried again.
func TestChangedWhileRead(t *testing.T) {
	s, files := newStore(t), &faulty{}
	s.config.Interval = 10 * time.Millisecond
	p := pairOf(t, "1.0")
	s.publish(p)
	path := s.config.Index
	once := sync.OnceFunc(func() {
		later := time.Now().Add(time.Minute)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Error(err)
		}
	})
	files.set(func(op, of string) error {
		if op == "read" && of == path {
			once()
		}
		return nil
	})
	r := s.start(files.use)
	r.serves("1.0", p)
	if state := r.State(); state.Failures != 1 {
		t.Errorf("state %+v", state)
	}
}

// However often the files change, half of the time is not spent on reading them.
func TestRestsBetweenLoads(t *testing.T) {
	const reading = 100 * time.Millisecond
	s, files := newStore(t), &faulty{}
	pairs := []texts{originalPair("1.0"), originalPair("2.0")}
	s.publish(pairs[0])
	r := s.start(files.use)
	files.set(func(op, path string) error {
		if op == "open" && path == s.config.Collated {
			time.Sleep(reading)
		}
		return nil
	})
	before, start := r.State().Loads, time.Now()
	for i := 0; time.Since(start) < 10*reading; i++ {
		s.publish(pairs[i%2])
		time.Sleep(time.Millisecond)
	}
	loads := r.State().Loads - before
	if spent := time.Duration(loads) * reading; loads < 2 || spent > time.Since(start)*6/10+reading {
		t.Errorf("%d loads in %s", loads, time.Since(start))
	}
}

// Where there are no watchers left, the files are looked at all the same, and
// watched when there is one again.
func TestWithoutWatchers(t *testing.T) {
	s := newStore(t)
	s.config.Interval, s.config.Log = 20*time.Millisecond, zerolog.New(s.log)
	var enough atomic.Bool
	r := s.start(func(r *reload.Reloader) {
		r.SetWatcher(func() (*fsnotify.Watcher, error) {
			if !enough.Load() {
				return nil, syscall.EMFILE
			}
			return fsnotify.NewWatcher()
		})
	})
	one := pairOf(t, "1.0")
	s.publish(one)
	r.serves("1.0", one)
	if _, watches := held(t); watches != 0 {
		t.Errorf("%d watches", watches)
	}
	if n := strings.Count(s.log.String(), "directories not watched"); n != 1 {
		t.Errorf("said %d times:\n%s", n, s.log)
	}
	enough.Store(true)
	r.eventually("watches", func() bool { _, watches := held(t); return watches == 2 })
}

// A file system that does not answer holds up neither readers nor the end.
func TestFileSystemHangs(t *testing.T) {
	s, files := newStore(t), &faulty{}
	s.publish(pairOf(t, "1.0"))
	r := reload.New(s.config)
	r.SetFiles(files)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	gate, entered := make(chan struct{}), make(chan struct{}, 1)
	files.set(func(string, string) error {
		select {
		case entered <- struct{}{}:
		default:
		}
		<-gate
		return nil
	})
	asked := make(chan error, 1)
	go func() { asked <- r.Refresh(context.Background()) }()
	<-entered
	if served(r.Current()) != "1.0" || r.State().Err != nil {
		t.Error("readers do not get the view")
	}
	cancel()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("Run: %v", err)
	}
	close(gate)
	if err := <-asked; !errors.Is(err, reload.ErrStopped) {
		t.Errorf("Refresh: %v", err)
	}
}

// A fault of the loader is an error like others, with the stack in the log.
func TestLoaderPanics(t *testing.T) {
	s, files := newStore(t), &faulty{}
	s.config.Log = zerolog.New(s.log)
	p := pairOf(t, "1.0")
	s.publish(p)
	r := s.start(files.use)
	files.set(func(op, _ string) error {
		if op == "read" {
			panic("index out of range")
		}
		return nil
	})
	bad := r.refuses()
	if !errors.Is(bad, manifests.ErrInvalid) || !strings.Contains(bad.Error(), "fault of the loader: index out of range") {
		t.Errorf("error %v", bad)
	}
	files.set(nil)
	r.holds(p)
	if log := s.log.String(); !strings.Contains(log, `"level":"error"`) || !strings.Contains(log, "faults_test.go") {
		t.Errorf("log %s", log)
	}
	r.refresh()
}

// A problem is one line in the log, however often it is met, and its end is
// another. A look that shows nothing new is none.
func TestLog(t *testing.T) {
	s := newStore(t)
	s.config.Interval, s.config.Log = 5*time.Millisecond, zerolog.New(s.log).Level(zerolog.InfoLevel)
	s.config.Reread = 20 * time.Millisecond
	good := pairOf(t, "1.0")
	s.publish(good)
	r := s.start()
	s.replace(reload.Index, pairOf(t, "2.0")[reload.Index])
	r.eventually("failures", func() bool { return r.State().Failures > 2 })
	s.publish(good)
	r.serves("1.0", good)
	loads := r.State().Loads
	r.eventually("hours", func() bool { return r.State().Loads > loads+2 })
	r.stop()
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("log:\n%s", s.log)
	}
	for i, want := range []string{`"level":"info"`, `"level":"warn"`, `"level":"info"`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s, want %s", i, lines[i], want)
		}
	}
	if !strings.Contains(lines[0], `"kernels":1,`) || !strings.Contains(lines[1], "different generations") {
		t.Errorf("log:\n%s", s.log)
	}
}
