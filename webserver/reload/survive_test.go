package reload_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"
)

// A thousand reloads, good and bad, leave no goroutine, no open file and no
// watch behind, and the end leaves nothing at all.
func TestThousandReloads(t *testing.T) {
	s := newStore(t)
	pairs := []texts{pairOf(t, "1.0"), pairOf(t, "2.0")}
	filesBefore, watchesBefore := held(t)
	s.publish(pairs[1])
	r := s.start()
	r.refresh()
	goroutines := runtime.NumGoroutine()
	files, watches := held(t)
	for i := range 1000 {
		switch i % 10 {
		case 7:
			s.replace(reload.Index, "{")
			r.refuses()
		case 8:
			s.replace(reload.Index, pairs[0][reload.Index])
			s.replace(reload.Collated, "[]")
			r.refuses()
		case 9:
			dir := filepath.Dir(s.config.Index)
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			s.mkdirs()
			r.refuses()
		default:
			s.publish(pairs[i%2])
			r.refresh()
			if want := fmt.Sprintf("%d.0", i%2+1); served(r.Current()) != want {
				t.Fatalf("reload %d serves %s", i, served(r.Current()))
			}
		}
	}
	s.publish(pairs[0])
	r.refresh()
	r.eventually("as many goroutines", func() bool { return runtime.NumGoroutine() <= goroutines })
	r.eventually("as many files and watches", func() bool { f, w := held(t); return f == files && w == watches })
	if state := r.State(); state.Loads < 700 || state.Failures < 300 {
		t.Errorf("state %+v", state)
	}
	r.stop()
	if f, w := held(t); f != filesBefore || w != watchesBefore {
		t.Errorf("after the end %d files and %d watches, before it all %d and %d", f, w, filesBefore, watchesBefore)
	}
}

// The files of an old view are open as long as somebody reads them, and no
// longer; what is read is the old view's.
func TestOldFilesAreReleased(t *testing.T) {
	s := newStore(t)
	dir := filepath.Dir(s.config.Collated)
	one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
	s.publish(one)
	r := s.start()
	old := r.Current()
	var reading []*reload.File
	for range 3 {
		f, err := old.Open(reload.Collated)
		if err != nil {
			t.Fatal(err)
		}
		reading = append(reading, f)
	}
	s.publish(two)
	r.serves("2.0", two)
	current := []string{manifests.CollatedName, manifests.PackageIndexName}
	gone := []string{manifests.CollatedName + " (deleted)", manifests.PackageIndexName + " (deleted)"}
	want := slices.Sorted(slices.Values(slices.Concat(current, gone)))
	for _, f := range reading {
		diff(t, "open files", want, openPaths(t, dir))
		text, err := io.ReadAll(f)
		if err != nil || string(text) != one[reload.Collated] {
			t.Errorf("read %.100s, %v", text, err)
		}
		for range 2 { // the second time does nothing
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	diff(t, "open files at the end", current, openPaths(t, dir))
	if _, err := old.Open(reload.Collated); !errors.Is(err, reload.ErrReplaced) {
		t.Errorf("error %v", err)
	}
	if users := r.Current().Users(); users != 1 {
		t.Errorf("%d users of the current files", users)
	}
}

// What was opened for a pair that is not taken is closed at once, not when the
// garbage collector finds it.
func TestNothingIsLeftOpen(t *testing.T) {
	s := newStore(t)
	dir := filepath.Dir(s.config.Collated)
	one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
	s.publish(one)
	r := s.start()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for doc, bad := range map[reload.Document]string{
		reload.Index:    two[reload.Index], // a mixed pair, which is opened several times
		reload.Collated: "{",
	} {
		s.publish(one)
		r.refresh()
		s.replace(doc, bad)
		r.refuses()
		other := [...]string{manifests.PackageIndexName, manifests.CollatedName}[doc]
		want := slices.Sorted(slices.Values([]string{doc.String() + " (deleted)", other}))
		diff(t, "open files", want, openPaths(t, dir))
	}
}

// Readers that never pause see whole pairs only, whatever happens to the files,
// and what was published last is served in the end.
func TestChaos(t *testing.T) {
	s := newStore(t)
	s.config.Interval = 5 * time.Millisecond
	dir := filepath.Dir(s.config.Collated)
	var pairs []texts
	byVersion := map[string]texts{}
	for i := range 8 {
		version := fmt.Sprintf("%d.0", i)
		pairs = append(pairs, pairOfMany(t, version, 1+i*3))
		byVersion[version] = pairs[i]
	}
	pairs = append(pairs, originalPair("orig"))
	byVersion["orig"] = pairs[8]
	s.publish(pairs[0])
	r := s.start()

	var ended atomic.Bool
	var reads atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !ended.Load() {
				v := r.Current()
				p, known := byVersion[served(v)]
				if !known {
					t.Errorf("served %q", served(v))
					return
				}
				for doc, want := range p {
					f, err := v.Open(reload.Document(doc))
					if errors.Is(err, reload.ErrReplaced) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					text, err := io.ReadAll(f)
					if err == nil && string(text) != want {
						t.Errorf("document %d of %s is another", doc, served(v))
					} else if err != nil && !errors.Is(err, reload.ErrReplaced) {
						t.Error(err)
					}
					reads.Add(1)
					f.Close()
				}
				_ = r.State()
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		p := pairs[random.IntN(len(pairs))]
		doc := reload.Document(random.IntN(2))
		s.mkdirs()
		switch random.IntN(9) {
		case 0:
			s.replace(doc, p[doc])
		case 1:
			s.replace(doc, p[doc][:random.IntN(len(p[doc]))])
		case 2:
			os.RemoveAll(s.paths()[doc])
		case 3:
			os.RemoveAll(s.paths()[doc])
			if err := os.Mkdir(s.paths()[doc], 0o755); err != nil {
				t.Fatal(err)
			}
		case 4:
			os.RemoveAll(dir + ".old")
			if err := os.Rename(dir, dir+".old"); err != nil {
				t.Fatal(err)
			}
		case 5:
			go func() { _ = r.Refresh(t.Context()) }()
		default:
			s.publish(p)
		}
		time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
	}
	s.mkdirs()
	s.publish(pairs[3])
	r.serves("3.0", pairs[3])
	ended.Store(true)
	readers.Wait()
	state := r.State()
	t.Logf("%d documents read, %d loads, %d failures", reads.Load(), state.Loads, state.Failures)
	if reads.Load() == 0 || state.Failures == 0 {
		t.Error("nothing was tried")
	}
}

// 300 MB of anything are read through without being held in memory, while the
// good pair is served.
func TestHugeFiles(t *testing.T) {
	const (
		size = 300 << 20
		head = 40 << 20 // is more than is read of what never ends; a hole follows
	)
	s := newStore(t)
	one := pairOf(t, "1.0")
	s.publish(one)
	r := s.start()
	for name, write := range map[string]func(w *bufio.Writer) error{
		"zeros":      nil,
		"blank":      repeat("", " ", head),
		"one text":   repeat(`{"kernels":[{"kernel_name":"`, "pecan", head),
		"one key":    repeat(`{"`, "pecan", head),
		"one number": repeat(`{"total_kernels":`, "9", head),
		"nesting":    repeat(`{"x":`, "[", head),
		"lines":      repeat(`{"kernels":[`, one[reload.Collated][strings.Index(one[reload.Collated], `{"kernel_name"`):strings.Index(one[reload.Collated], "\n]}")]+",\n", head),
	} {
		t.Run(name, func(t *testing.T) {
			path := s.config.Collated
			writeHuge(t, path+".new", size, write)
			stop := measureHeap()
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			bad := r.refuses()
			peak := stop()
			t.Logf("%s, %d MB: %.150s", time.Since(start).Round(time.Millisecond), peak>>20, bad.Public())
			if peak > 200<<20 {
				t.Errorf("%d MB of memory", peak>>20)
			}
			r.holds(texts{one[0], one[1]})
		})
	}
	two := pairOf(t, "2.0")
	s.publish(two)
	r.serves("2.0", two)
}

// 300 MB that are a document are served, without being held in memory either:
// here they are in fields that nobody knows.
func TestHugePair(t *testing.T) {
	s := newStore(t)
	small := originalPair("1.0")
	s.publish(small)
	r := s.start()
	head, tail, _ := strings.Cut(edit(t, small[reload.Collated], `"total_kernels": 1`, `"total_kernels": 21`), `"kernel_name"`)
	writeHuge(t, s.config.Collated+".new", 0, func(w *bufio.Writer) error {
		_, err := w.WriteString(head)
		unknown := strings.Repeat("pecan", 3<<20) // 15 MB; a kernel may have 16
		for i := range 20 {
			fmt.Fprintf(w, `"x":"%s","kernel_name":"other%02d","kernel_version":"1","language":"R","language_version":"4",`+
				`"indexed_date":"2026-01-31T04:05:06Z","packages":[],"manifest_path":"x","package_count":0},{`, unknown, i)
		}
		_, err2 := w.WriteString(`"kernel_name"` + tail)
		return errors.Join(err, err2)
	})
	stop := measureHeap()
	if err := os.Rename(s.config.Collated+".new", s.config.Collated); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r.refresh()
	peak := stop()
	f, err := r.Current().Open(reload.Collated)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	t.Logf("%d MB in %s, %d MB of memory", f.Size()>>20, time.Since(start).Round(time.Millisecond), peak>>20)
	if f.Size() < 300<<20 || peak > 200<<20 || r.Current().Catalog.Stats().Kernels != 21 {
		t.Errorf("%d bytes, %d MB, %+v", f.Size(), peak>>20, r.Current().Catalog.Stats())
	}
}

func repeat(head, text string, size int) func(*bufio.Writer) error {
	return func(w *bufio.Writer) error {
		if _, err := w.WriteString(head); err != nil {
			return err
		}
		block := strings.Repeat(text, 1+(64<<10)/len(text))
		for n := 0; n < size; n += len(block) {
			if _, err := w.WriteString(block); err != nil {
				return err
			}
		}
		return nil
	}
}

// writeHuge writes a file and extends it with a hole; nil writes nothing before.
func writeHuge(t *testing.T, path string, size int64, write func(*bufio.Writer) error) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if write != nil {
		err = errors.Join(write(w), w.Flush())
	}
	if info, statErr := f.Stat(); statErr == nil && info.Size() < size {
		err = errors.Join(err, f.Truncate(size))
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// measureHeap watches the heap until it is stopped, and returns how much it grew
// at most, in bytes.
func measureHeap() (stop func() uint64) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	ended, peak := make(chan struct{}), make(chan uint64)
	go func() {
		most := before.HeapInuse
		for {
			select {
			case <-ended:
				peak <- most - before.HeapInuse
				return
			case <-time.After(10 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
		}
	}()
	return func() uint64 { close(ended); return <-peak }
}
