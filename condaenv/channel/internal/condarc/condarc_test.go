package condarc

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func prefixWith(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"p/conda-meta/history": {}}
	for name, text := range files {
		fsys["p/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// failingFS refuses some calls for some names.
type failingFS struct {
	fstest.MapFS
	stat, open, list map[string]error
}

func (f failingFS) Stat(name string) (fs.FileInfo, error) {
	if err := f.stat[name]; err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return f.MapFS.Stat(name)
}

func (f failingFS) Open(name string) (fs.File, error) {
	if err := f.open[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.MapFS.Open(name)
}

func (f failingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.list[name]; err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return f.MapFS.ReadDir(name)
}

// Files are found in the order of their precedence, whatever is in their places.
func TestFind(t *testing.T) {
	file := &fstest.MapFile{}
	for _, tc := range []struct {
		rule string
		fsys fs.FS
		want []string
	}{
		{"nothing", fstest.MapFS{}, nil},
		{
			"all places",
			fstest.MapFS{"p/condarc": file, "p/.condarc": file, "p/condarc.d/b.yml": file, "p/condarc.d/a.yaml": file},
			[]string{"p/.condarc", "p/condarc", "p/condarc.d/a.yaml", "p/condarc.d/b.yml"},
		},
		{"folders in the place of files", fstest.MapFS{"p/.condarc/x.yml": file, "p/condarc/y.yaml": file}, []string{"p/.condarc/x.yml", "p/condarc/y.yaml"}},
		{"a file in the place of the folder", fstest.MapFS{"p/condarc.d": file}, nil},
		{"names without a YAML suffix", fstest.MapFS{"p/condarc.d/a.YML": file, "p/condarc.d/.yml": file, "p/condarc.d/a.yml.bak": file, "p/condarc.d/condarc": file}, nil},
		{"a folder with a YAML suffix", fstest.MapFS{"p/condarc.d/a.yml/b.yml": file}, nil},
		{"neither file nor folder", fstest.MapFS{"p/.condarc": {Mode: fs.ModeNamedPipe}, "p/condarc.d/a.yml": {Mode: fs.ModeNamedPipe}}, nil},
		{"a link to a file", fstest.MapFS{"p/condarc.d/a.yml": {Mode: fs.ModeSymlink, Data: []byte("../x")}, "p/x": file}, []string{"p/condarc.d/a.yml"}},
		{"a link to nothing", fstest.MapFS{"p/condarc.d/a.yml": {Mode: fs.ModeSymlink, Data: []byte("../x")}}, nil},
		{"a place that cannot be looked at", failingFS{MapFS: fstest.MapFS{"p/condarc": file}, stat: map[string]error{"p/.condarc": fs.ErrPermission}}, []string{"p/condarc"}},
		{"a folder that cannot be listed", failingFS{MapFS: fstest.MapFS{"p/condarc.d/a.yml": file}, list: map[string]error{"p/condarc.d": fs.ErrPermission}}, nil},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			got, err := find(tc.fsys, "p")
			if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// What conda cannot open or look at ends its listing.
func TestUnreadableFiles(t *testing.T) {
	loop := errors.New("too many links")
	for rule, tc := range map[string]struct {
		fsys failingFS
		want error
	}{
		"a closed file": {failingFS{MapFS: prefixWith(map[string]string{".condarc": "a: b"}), open: map[string]error{"p/.condarc": fs.ErrPermission}}, fs.ErrPermission},
		"a link in a circle, whatever its name": {failingFS{
			MapFS: fstest.MapFS{"p/condarc.d/x": {Mode: fs.ModeSymlink, Data: []byte("x")}}, stat: map[string]error{"p/condarc.d/x": loop},
		}, loop},
		"a huge file": {failingFS{MapFS: prefixWith(map[string]string{"condarc": strings.Repeat("# x\n", maxFileSize)})}, nil},
	} {
		t.Run(rule, func(t *testing.T) {
			_, err := Load(tc.fsys, "p")
			var fault *Error
			if !errors.As(err, &fault) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("got %v, want an *Error for %v", err, tc.want)
			}
		})
	}
}

// A nil Config, that of a prefix without files, sets nothing.
func TestNilConfig(t *testing.T) {
	var c *Config
	_, set, err := c.Scalar(Param{"x"})
	if set || err != nil || c.Sets(Param{"x"}) || len(c.Ignored()) > 0 {
		t.Errorf("set %t, error %v, ignored %v", set, err, c.Ignored())
	}
}

// Files that cannot be split into tokens are passed over, all other faults are errors.
func TestLoadFaults(t *testing.T) {
	for _, tc := range []struct {
		text    string
		ignored bool
	}{
		{"\ta: b", true},
		{"a:\tb", true},
		{"a: b\t# x", true},
		{"a: 'b", true},
		{"a: b: c", true},
		{"a: - b", true},
		{"a: @b", true},
		{"a: b\nc\n", true},
		{"a: \"\\q\"", true},
		{"a: \x1b", true},
		{"a: [b", false},
		{"a: {b", false},
		{"a: ]", false},
		{"a: \"b\" c", false},
		{"a: *b", false},
		{"a: b\na: c", false},
		{"1: b\n1.0: c", false},
		{"<<: {a: b}\n<<: {a: b}", false},
		{"<<: b", false},
		{"a: b\n---\nc: d", false},
		{"- a", false},
		{"text", false},
		{"5", false},
		{"a: 2020-01-01", false},
		{"a: {b: [2001-12-14 21:59:43.10 -5]}", false},
		{"a: !x b", false},
		{"a: !!set {b}", false},
		{"a: !!omap [b]", false},
		{"a: !!bool x", false},
		{"a: !!binary a", false},
		{"a: !!int x", false},
		{"a: =", false},
		{"a: \xff", false},
		{"\xfe\xffa", false},
		{"a: " + strings.Repeat("1", maxDigits+1), false},
		{"a: " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), false},
		{"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n" +
			"e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]", false},
	} {
		c, err := Load(prefixWith(map[string]string{".condarc": tc.text}), "p")
		if (err == nil) != tc.ignored || tc.ignored && len(c.Ignored()) != 1 {
			t.Errorf("%.60q: error %v, ignored %v", tc.text, err, c.Ignored())
		}
	}
}

// Blank and false documents set nothing.
func TestEmptyDocuments(t *testing.T) {
	for _, text := range []string{"", "\n", "# x", "---", "null", "~", "false", "0", "''", "[]", "{}", "\ufeff", "<<: {a: b}"} {
		entries, err := parse([]byte(text))
		if err != nil || len(entries) > 0 {
			t.Errorf("%q: %v, %v", text, entries, err)
		}
	}
}
