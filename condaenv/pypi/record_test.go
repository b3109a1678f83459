package pypi_test

import (
	"strings"
	"testing"
	"time"

	"kernelindexer/condaenv/pypi"
)

func TestRecordRows(t *testing.T) {
	const digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
	long := strings.Repeat("a", 131072)
	for _, tc := range []struct {
		name, record string
		ok           bool
	}{
		{"as pip writes it", "a.py,sha256=" + digest + ",12\r\na.dist-info/RECORD,,\r\n", true},
		{"no line break at the end", "a.py,sha256=" + digest + ",12", true},
		{"lone CR ends lines", "a.py,,\rb.py,,x\r", false},

		{"empty line at the beginning", "\na,,\n", false},
		{"empty line at the end", "a,,\n\n", false},
		{"empty line within quotes", "\"a\n\nb\",,\n", true},
		{"empty line by CR LF CR", "a,,\r\n\rb,,\n", false},
		{"line of a blank", "a,,\n \n", true},
		{"line of empty quotes", "\"\"\n", true},
		{"form feed is no line break", "a,,\f\n", false},

		{"no path", ",,\n", true},
		{"one column", "a\n", true},
		{"two columns are not checked", "a,md5=x\n", true},
		{"four columns are not checked", "a,md5=x,y,z\n", true},
		{"a comma within quotes is none", "\"a,b\",md5=x,1\n", false},
		{"quotes within quotes", "\"a\"\"b,\",md5=x,1\n", false},
		{"text behind quotes", "\"a\"b\"c,md5=x,1\n", false},
		{"a quote within a field is one", "a\"b,c\",x\n", false},
		{"a quote that is never closed takes the rest", "a,,\"\nb,md5=x,1\n\n", false},
		{"a quote opened in the first column takes the rest", "\"a,,\nb,md5=x,1\n\n", true},

		{"MD5", "a,md5=x,1\n", false},
		{"SHA-384", "a,sha384=abcd,1\n", false},
		{"no digest", "a,sha256=,1\n", true},
		{"upper case", "a,SHA256=abcd,1\n", false},
		{"text before", "a,xsha256=" + digest + ",1\n", false},
		{"blank before", "a, sha256=abcd,1\n", false},
		{"1 digit", "a,sha256=a,1\n", false},
		{"2 digits", "a,sha256=ab,1\n", true},
		{"3 digits", "a,sha256=abc,1\n", true},
		{"5 digits", "a,sha256=abcde,1\n", false},
		{"padded", "a,sha256=ab==,1\n", true},
		{"padded too little", "a,sha256=ab=,1\n", true},
		{"padding in the middle ends it", "a,sha256=ab==c,1\n", true},
		{"single padding does not", "a,sha256=ab=cdef,1\n", false},
		{"ordinary alphabet", "a,sha256=a+/b,1\n", true},
		{"foreign characters are ignored", "a,sha256=a!b c.d,1\n", true},
		{"foreign characters count for padding", "a,sha256=ab!,1\n", false},
		{"beyond ASCII", "a,sha256=abcé,1\n", false},
		{"beyond ASCII behind the end", "a,sha256=ab==é,1\n", false},
		{"hexadecimal digest of 64 characters", "a,sha256=" + strings.Repeat("0f", 32) + ",1\n", true},

		{"no size", "a,sha256=abcd,\n", true},
		{"fraction", "a,,1.0\n", false},
		{"text", "a,,x\n", false},
		{"hexadecimal", "a,,0x1\n", false},
		{"negative", "a,,-1\n", true},
		{"plus", "a,,+1\n", true},
		{"sign and blank", "a,,- 1\n", false},
		{"blanks around", "a,, 1\t\n", true},
		{"blank alone", "a,, \n", false},
		{"line break around, within quotes", "a,,\"1\n\"\n", true},
		{"underscore", "a,,1_000\n", true},
		{"two underscores", "a,,1__0\n", false},
		{"underscore first", "a,,_1\n", false},
		{"underscore last", "a,,1_\n", false},
		{"Arabic digits", "a,,١٢\n", true},
		{"superscript digits", "a,,²\n", false},
		{"no-break space around", "a,,\u00a01\n", true},
		{"file separator around", "a,,\x1c1\n", false},
		{"leading zeros", "a,,007\n", true},
		{"NUL", "a,,1\x00\n", false},
		{"NUL in a path", "a\x00,,1\n", true},
		{"4300 digits", "a,," + strings.Repeat("9", 4300) + "\n", true},
		{"4301 digits", "a,," + strings.Repeat("9", 4301) + "\n", false},
		{"4301 digits behind the usual checksum", "a,sha256=" + digest + "," + strings.Repeat("0", 4301) + "\n", false},
		{"4300 digits and underscores", "a,," + strings.Repeat("9_", 4299) + "9\n", true},

		{"as long a field as can be", long + ",,\n", true},
		{"one character more", long + "a,,\n", false},
		{"one character more in a row that is not checked", "a,b,c,d,e," + long + "a\n", false},
		{"as long a line", long + "\n", true},
		{"one character more in a line", long + "a\n", false},
		{"characters are counted, not bytes", strings.Repeat("é", 131072) + ",,\n", true},
		{"one such character more", strings.Repeat("é", 131073) + ",,\n", false},
		{"a long row of short fields", strings.Repeat("a,", 131072) + "\n", true},
		{"as long a field within quotes", "\"" + long[:131070] + "\n\"\"\",,\n", true},
		{"one character more within quotes", "\"" + long[:131071] + "\n\"\"\",,\n", false},
		{"one character more behind quotes", "\"" + long + "\"a,,\n", false},

		{"not UTF-8", "a\xff,,\n", false},
		{"a quote behind a byte order mark is within a field", "\ufeff\"a,md5=x\",\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := fails
			if tc.ok {
				want = foo
			}
			fsys := site{
				"x.dist-info/METADATA": good, "x.dist-info/RECORD": tc.record,
				"x.egg-info/PKG-INFO": good, "x.egg-info/installed-files.txt": tc.record,
			}.fs()
			for _, anchor := range []pypi.Anchor{"x.dist-info/RECORD", "x.egg-info/PKG-INFO"} {
				p, err := pypi.Read(fsys, sitePackages, anchor, pypi.Env{PythonVersion: "3.11.8"})
				if got := outcome(p, err); got != want {
					t.Errorf("%s: got %s, want %s; %v", anchor, got, want, err)
				}
			}
		})
	}
}

// Conda names the compiled twin of every Python file in RECORD, which takes a
// major and a minor version of Python.
func TestRecordPythonFilesNeedMinorVersion(t *testing.T) {
	for _, tc := range []struct {
		name, python, row string
		ok                bool
	}{
		{"major and minor", "3.11", "a.py", true},
		{"two digits", "311", "a.py", true},
		{"digits anywhere", "x3y1", "a.py", true},
		{"Arabic digits", "٣١", "a.py", true},
		{"major only", "3", "a.py", false},
		{"major and a word", "3.x", "a.py", false},
		{"no digit", "x", "a.py", false},
		{"not told", "", "a.py", true},
		{"in a package", "3", "a/b.py", false},
		{"within quotes", "3", "\"a,b.py\"", false},
		{"line break behind the ending", "3", "\"a.py\n\"", false},
		{"line break within", "3", "\"a\nb.py\"", true},
		{"tab within", "3", "a\tb.py", true},
		{"other ending", "3", "a.pyc", true},
		{"upper case", "3", "a.PY", true},
		{"a hidden file", "3", "a/.py", false},
		{"only the ending", "3", ".py", true},
		{"outside of site-packages", "3", "../../../bin/a.py", true},
		{"outside and back", "3", "../site-packages/a.py", false},
		{"an absolute path", "3", "/a.py", false},
		{"no path", "3", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := fails
			if tc.ok {
				want = foo
			}
			fsys := site{"x.dist-info/METADATA": good, "x.dist-info/RECORD": "b,,\n" + tc.row + ",,\n"}.fs()
			p, err := pypi.Read(fsys, sitePackages, "x.dist-info/RECORD", pypi.Env{PythonVersion: tc.python})
			if got := outcome(p, err); got != want {
				t.Errorf("got %s, want %s; %v", got, want, err)
			}
		})
	}
}

// In installed-files.txt paths begin at the egg-info folder, in RECORD at
// site-packages.
func TestInstalledFilesBeginAtEggInfo(t *testing.T) {
	for _, tc := range []struct{ row, want string }{{"../a.py", fails}, {"../../../a.py", foo}, {"../../a.py", foo}} {
		fsys := site{"x.egg-info/PKG-INFO": good, "x.egg-info/installed-files.txt": tc.row + "\n"}.fs()
		p, err := pypi.Read(fsys, sitePackages, "x.egg-info/PKG-INFO", pypi.Env{PythonVersion: "3"})
		if got := outcome(p, err); got != tc.want {
			t.Errorf("%s: got %s, want %s; %v", tc.row, got, tc.want, err)
		}
	}
}

// Many quotes in long fields must not take quadratic time, which would be a
// minute or more here.
func TestRecordOfQuotesTakesLinearTime(t *testing.T) {
	row := `"` + strings.Repeat("é\"\"", 60000) + "\",,\n"
	fsys := site{"x.dist-info/METADATA": good, "x.dist-info/RECORD": strings.Repeat(row, 40)}.fs()
	begin := time.Now()
	p, err := pypi.Read(fsys, sitePackages, "x.dist-info/RECORD", pypi.Env{PythonVersion: "3.11.8"})
	if got := outcome(p, err); got != foo {
		t.Errorf("got %s, want %s; %v", got, foo, err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
