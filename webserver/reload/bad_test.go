package reload_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kernelindexer/webserver/reload"
)

// edit returns text with old replaced once.
func edit(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("no %q in %.300s", old, text)
	}
	return strings.Replace(text, old, replacement, 1)
}

// Whatever takes the place of a document is refused with the right message, the
// good pair is served on, and the next good pair is served when it is there.
func TestBadFiles(t *testing.T) {
	const (
		parsing = iota
		loading
		format
		missing
	)
	message := func(kind int, doc reload.Document, path string) string {
		label := [...]string{"collated manifests", "package index"}[doc]
		field := [...]string{"kernels", "packages"}[doc]
		return [...]string{
			parsing: "Error parsing " + label + " JSON file " + path + ": ",
			loading: "Error loading " + label + " file " + path + ": ",
			format:  "Invalid format in " + path + ": missing or invalid '" + field + "' field",
			missing: "Required file not found: " + path,
		}[kind]
	}
	fixed := func(text string) func(string, reload.Document) string {
		return func(string, reload.Document) string { return text }
	}
	count := [...]string{`"total_kernels":      1`, `"total_packages":`}
	for name, test := range map[string]struct {
		kind  int
		text  func(good string, doc reload.Document) string
		place func(path string) error // instead of a text
	}{
		"empty":                        {parsing, fixed(""), nil},
		"blank":                        {parsing, fixed(" \n\t "), nil},
		"truncated":                    {parsing, func(good string, _ reload.Document) string { return good[:len(good)-40] }, nil},
		"cut in half":                  {parsing, func(good string, _ reload.Document) string { return good[:len(good)/2] }, nil},
		"not JSON":                     {parsing, fixed("<html>Bad Gateway</html>"), nil},
		"zeros":                        {parsing, fixed(strings.Repeat("\x00", 4096)), nil},
		"compressed":                   {parsing, fixed("\x1f\x8b\x08\x00\x00\x00\x00\x00"), nil},
		"byte order":                   {parsing, func(good string, _ reload.Document) string { return "\ufeff" + good }, nil},
		"twice":                        {parsing, func(good string, _ reload.Document) string { return good + good }, nil},
		"bad UTF-8":                    {parsing, func(good string, _ reload.Document) string { return edit(t, good, "package0", "package\xff0") }, nil},
		"array":                        {format, fixed("[]"), nil},
		"null":                         {format, fixed("null"), nil},
		"text":                         {format, fixed(`"kernels"`), nil},
		"empty object":                 {format, fixed("{}"), nil},
		"array is null":                {format, fixed(`{"kernels":null,"packages":null}`), nil},
		"object in place of the array": {format, fixed(`{"kernels":{},"packages":{}}`), nil},
		"element is no object":         {loading, fixed(`{"indexed_date":"2026-01-31T04:05:06Z","kernels":[1],"packages":["a"]}`), nil},
		"NaN": {parsing, func(good string, doc reload.Document) string {
			return edit(t, good, count[doc], count[doc][:17]+`x":NaN,"y":`)
		}, nil},
		"Infinity": {parsing, func(good string, doc reload.Document) string { return edit(t, good, "{", `{"x":-Infinity,`) }, nil},
		"huge number": {loading, func(good string, doc reload.Document) string {
			return edit(t, good, count[doc], strings.SplitAfter(count[doc], ":")[0]+"1e999,\"x\":1")
		}, nil},
		"long number": {loading, func(good string, doc reload.Document) string {
			return edit(t, good, count[doc], strings.SplitAfter(count[doc], ":")[0]+strings.Repeat("9", 5000)+",\"x\":1")
		}, nil},
		"repeated key": {parsing, func(good string, _ reload.Document) string { return edit(t, good, "{", `{"x":1,"x":2,`) }, nil},
		"repeated key within": {parsing, func(good string, doc reload.Document) string {
			return edit(t, good, [...]string{`{"kernel_name":`, `{"name":`}[doc], [...]string{`{"kernel_name":"a","kernel_name":`, `{"name":"a","name":`}[doc])
		}, nil},
		"deep": {loading, func(_ string, doc reload.Document) string {
			return [...]string{`{"kernels":`, `{"packages":`}[doc] + strings.Repeat("[", 100_000)
		}, nil},
		"deep in passing": {parsing, fixed(`{"x":` + strings.Repeat(`{"x":`, 100_000)), nil},
		"directory":       {loading, nil, func(path string) error { return os.Mkdir(path, 0o755) }},
		"FIFO":            {loading, nil, func(path string) error { return syscall.Mkfifo(path, 0o644) }},
		"device":          {loading, nil, func(path string) error { return os.Symlink("/dev/zero", path) }},
		"loop":            {loading, nil, func(path string) error { return os.Symlink(filepath.Base(path), path) }},
		"dangling":        {missing, nil, func(path string) error { return os.Symlink("nowhere", path) }},
		"gone":            {missing, nil, func(string) error { return nil }},
	} {
		for _, doc := range []reload.Document{reload.Collated, reload.Index} {
			t.Run(fmt.Sprint(name, "/", doc), func(t *testing.T) {
				s := newStore(t)
				good := pairOf(t, "1.0")
				s.publish(good)
				r := s.start()
				view := r.Current()
				path := s.paths()[doc]
				if test.place == nil {
					s.replace(doc, test.text(good[doc], doc))
				} else {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
					if err := test.place(path); err != nil {
						t.Fatal(err)
					}
				}
				bad := r.refuses()
				if want := "Failed to load required data files:\n  - " + message(test.kind, doc, path); !strings.HasPrefix(bad.Error(), want) {
					t.Errorf("error %s\nwant %s…", bad, want)
				}
				if strings.Count(bad.Error(), "\n") != 1 {
					t.Errorf("more than one problem: %s", bad)
				}
				if public := bad.Public(); !strings.HasPrefix(public, doc.String()+": ") || strings.Contains(public, filepath.Dir(path)) {
					t.Errorf("public text %s", public)
				}
				if r.Current().Catalog != view.Catalog {
					t.Error("the good pair is gone")
				}
				r.holds(good)
				next := pairOf(t, "2.0")
				s.publish(next)
				r.serves("2.0", next)
			})
		}
	}
}

// Both documents can be bad at once, and both are named.
func TestBothBad(t *testing.T) {
	s := newStore(t)
	s.publish(texts{"[]", "{"})
	bad := s.start().refuses()
	want := "Failed to load required data files:\n  - Invalid format in " + s.config.Collated +
		": missing or invalid 'kernels' field\n  - Error parsing package index JSON file " + s.config.Index + ": "
	if !strings.HasPrefix(bad.Error(), want) {
		t.Errorf("error %s\nwant %s…", bad, want)
	}
}

// Documents that are good by themselves but contradict each other are refused.
func TestContradiction(t *testing.T) {
	s := newStore(t)
	p := pairOf(t, "1.0")
	p[reload.Index] = edit(t, p[reload.Index], `"package_version":"1.`, `"package_version":"7.`)
	s.publish(p)
	bad := s.start().refuses()
	if len(bad.Files) != 0 || bad.Err == nil || !strings.HasPrefix(bad.Error(), "Failed to load required data files:\n  - ") {
		t.Errorf("error %v", bad)
	}
}

// Permission that is taken away and given back, of a file and of the directory,
// is seen without anybody asking. For root there is no such thing: the test runs
// as another user.
func TestPermission(t *testing.T) {
	if !asUser(t) {
		return
	}
	s := newStore(t)
	one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
	s.publish(one)
	r := s.start()
	for _, path := range []string{s.config.Collated, s.config.Index, filepath.Dir(s.config.Index)} {
		chmod := func(mode os.FileMode) {
			t.Helper()
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		chmod(0)
		r.eventually("no permission", func() bool { return r.State().Err != nil })
		if text := r.State().Err.Error(); !strings.Contains(text, "permission denied") {
			t.Errorf("error %s", text)
		}
		r.holds(one)
		chmod(0o755)
		r.eventually("permission", func() bool { return r.State().Err == nil })
	}
	// A file that is published without permission is no more than that.
	if err := os.WriteFile(s.config.Collated+".new", []byte(two[reload.Collated]), 0o200); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.config.Collated+".new", s.config.Collated); err != nil {
		t.Fatal(err)
	}
	r.refuses()
	r.holds(one)
	s.publish(two)
	r.serves("2.0", two)
}

// The directory itself is renamed and made anew, removed and made anew, and a
// link that leads to it is pointed elsewhere. All of it is seen at once, and so
// is what happens in the new directory later.
func TestDirectoryReplaced(t *testing.T) {
	for name, vanish := range map[string]func(dir string) error{
		"renamed": func(dir string) error { return os.Rename(dir, dir+".old") },
		"removed": os.RemoveAll,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			pairs := []texts{pairOf(t, "1.0"), pairOf(t, "1.1"), pairOf(t, "1.2")}
			s.publish(pairs[0])
			r := s.start()
			if err := vanish(filepath.Dir(s.config.Index)); err != nil {
				t.Fatal(err)
			}
			r.eventually("no files", func() bool { return r.State().Err != nil })
			r.holds(pairs[0])
			s.mkdirs()
			for i, p := range pairs[1:] {
				s.publish(p)
				r.serves(fmt.Sprint("1.", i+1), p)
			}
		})
	}
	t.Run("removed and made at once", func(t *testing.T) { // most often with the same inode
		s := newStore(t)
		r := s.start()
		for i := range 5 {
			looks := r.State().Failures + r.State().Unchanged
			if err := os.RemoveAll(filepath.Dir(s.config.Index)); err != nil {
				t.Fatal(err)
			}
			s.mkdirs()
			r.eventually("a look", func() bool { return r.State().Failures+r.State().Unchanged > looks })
			version := fmt.Sprint("1.", i)
			p := pairOf(t, version)
			s.publish(p)
			r.serves(version, p)
		}
	})
	t.Run("parent renamed", func(t *testing.T) {
		top := filepath.Join(t.TempDir(), "top")
		s := storeIn(t, filepath.Join(top, "data"))
		s.config.Interval = 50 * time.Millisecond // nobody watches what is above the next directory
		one, two := pairOf(t, "1.0"), pairOf(t, "2.0")
		s.publish(one)
		r := s.start()
		if err := os.Rename(top, top+".old"); err != nil {
			t.Fatal(err)
		}
		s.mkdirs()
		s.publish(two)
		r.serves("2.0", two)
	})
	t.Run("link", func(t *testing.T) {
		dir := t.TempDir()
		link := filepath.Join(dir, "data")
		var last *runner
		for i, version := range []string{"1.0", "2.0", "3.0"} {
			target := fmt.Sprint(dir, "/v", i)
			p := pairOf(t, version)
			storeIn(t, target).publish(p)
			if err := os.Symlink(target, link+".new"); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(link+".new", link); err != nil {
				t.Fatal(err)
			}
			if last == nil {
				last = storeIn(t, link).start()
			}
			last.serves(version, p)
		}
	})
}

// Links in the place of the files, swapped as Kubernetes swaps those of a
// ConfigMap: the names stay, and a link beside them changes.
func TestLinkedFiles(t *testing.T) {
	dir := t.TempDir()
	s := storeIn(t, dir)
	for _, path := range s.paths() {
		if err := os.Symlink(filepath.Join("..data", filepath.Base(path)), path); err != nil {
			t.Fatal(err)
		}
	}
	r := s.start()
	for i, version := range []string{"1.0", "2.0"} {
		target := fmt.Sprint("..", i)
		p := pairOf(t, version)
		storeIn(t, filepath.Join(dir, target)).publish(p)
		if err := os.Symlink(target, filepath.Join(dir, "..new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		r.serves(version, p)
	}
}

// A file that is overwritten in place is not served in halves: neither the old
// view's documents, nor what is there meanwhile.
func TestOverwrittenInPlace(t *testing.T) {
	s := newStore(t)
	one, two := pairOfMany(t, "1.0", 300), pairOfMany(t, "2.0", 300)
	s.publish(one)
	r := s.start()
	old := r.Current()
	f, err := old.Open(reload.Collated)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	write := func(doc reload.Document, text string) {
		t.Helper()
		if err := os.WriteFile(s.paths()[doc], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	half := len(two[reload.Collated]) / 2
	write(reload.Collated, two[reload.Collated][:half])
	if n, err := f.Read(make([]byte, 1000)); n != 0 || err != reload.ErrReplaced { //nolint:errorlint // the contract
		t.Errorf("read %d, %v", n, err)
	}
	r.eventually("a bad file", func() bool { return r.State().Err != nil })
	if _, err := r.Current().Open(reload.Collated); err != reload.ErrReplaced { //nolint:errorlint // the contract
		t.Errorf("open: %v", err)
	}
	if served(r.Current()) != "1.0" {
		t.Error("the good pair is gone")
	}
	write(reload.Index, two[reload.Index])
	write(reload.Collated, two[reload.Collated])
	r.serves("2.0", two)
}

// Who meets a file that is no longer what was loaded makes the loop look, if
// nothing else does.
func TestReaderNoticesTheChange(t *testing.T) {
	s := newStore(t)
	one, two := originalPair("1.0"), originalPair("10.0")
	s.publish(one)
	r := s.start((*reload.Reloader).SetBlind)
	if err := os.WriteFile(s.config.Collated, []byte(two[reload.Collated]), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Current().Open(reload.Collated); err != reload.ErrReplaced { //nolint:errorlint // the contract
		t.Errorf("error %v", err)
	}
	r.serves("10.0", texts{two[reload.Collated], one[reload.Index]})
}
