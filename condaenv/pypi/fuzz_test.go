package pypi

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func FuzzMetadata(f *testing.F) {
	for _, p := range loadSeeds(f).Package {
		for _, text := range p.Files {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"x.egg-info": {Data: data}}
		p, err := Read(fsys, ".", "x.egg-info", Env{})
		if !utf8.Valid(data) && err == nil {
			t.Fatalf("not UTF-8, but %+v", p)
		}
		if strings.ContainsAny(p.Name, "._") {
			t.Errorf("name %q is not normalised", p.Name)
		}
		// What stands behind an empty line does not matter.
		text := universalNewlines(append([]byte{}, data...))
		want := parseMetadata(text, "")
		got := parseMetadata([]byte(string(text)+"\n\nName: x\nVersion: y\nRequires-Dist: z\n"), "")
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(metadata{})); diff != "" {
			t.Errorf("with a body (-without +with)\n%s", diff)
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, v := range loadSeeds(f).Record {
		f.Add([]byte(v.text))
	}
	f.Add(recordOf(10, "\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return
		}
		text := universalNewlines(append([]byte{}, data...))
		want := checkRowsPlainly(string(text))
		if err := checkRecord(text, "", ""); (err == nil) != want {
			t.Errorf("good: %v, but got %v", want, err)
		}
	})
}

// checkRowsPlainly is checkRecord by the state machine of Python's csv module,
// a character at a time, without its limit.
func checkRowsPlainly(text string) bool {
	const (
		fieldStart = iota
		inField
		inQuotes
		quoteInQuotes
	)
	ok, state, fields := true, fieldStart, []string{""}
	add := func(r rune) { fields[len(fields)-1] += string(r) }
	endRow := func() {
		switch {
		case len(fields) == 1 && fields[0] == "" && state == fieldStart:
			ok = false // an empty line
		case len(fields) == 3 && checkSum([]byte(fields[1])) != nil,
			len(fields) == 3 && fields[2] != "" && !isInt([]byte(fields[2])):
			ok = false
		}
		state, fields = fieldStart, []string{""}
	}
	for _, r := range text {
		switch {
		case state == inQuotes && r != '"':
			add(r)
		case state == inQuotes:
			state = quoteInQuotes
		case state == quoteInQuotes && r == '"':
			add(r)
			state = inQuotes
		case state == fieldStart && r == '"':
			state = inQuotes
		case r == ',':
			fields = append(fields, "")
			state = fieldStart
		case r == '\n':
			endRow()
		default:
			add(r)
			state = inField
		}
	}
	if state != fieldStart || len(fields) > 1 {
		endRow()
	}
	return ok
}

func FuzzChecksum(f *testing.F) {
	for _, v := range loadSeeds(f).Checksum {
		f.Add(v.text)
	}
	f.Fuzz(func(t *testing.T, sum string) {
		if strings.TrimPrefix(sum, sumPrefix) == sum {
			return
		}
		digest := sum[len(sumPrefix):]
		if _, err := base64.RawURLEncoding.DecodeString(digest); err == nil && !strings.ContainsAny(digest, "\r\n") {
			if err := checkSum([]byte(sum)); err != nil {
				t.Errorf("%q is good base64, but got %v", digest, err)
			}
		}
		// Usual rows are those that the exact check takes, too.
		row := []byte("a," + sum + ",1")
		if isUsual(row) && !strings.ContainsAny(sum, ",\"\n") && checkRow(splitPlain(row)) != nil {
			t.Errorf("%q is taken for usual", row)
		}
	})
}

func FuzzMarker(f *testing.F) {
	for _, v := range loadSeeds(f).Requirement {
		f.Add(markerOf(v.text))
	}
	f.Fuzz(func(t *testing.T, marker string) {
		if !utf8.ValidString(marker) || marker == "" {
			return
		}
		p := markerParser{rest: marker, frames: 1}
		if _, err := p.marker(); err == nil && p.frames != 1 {
			t.Errorf("%d frames are left", p.frames)
		}
		err := checkMarker(marker)
		if err != nil || strings.Contains(marker, "#") || len(marker) > 500 {
			return
		}
		// A good marker is good in parentheses, and in a conjunction.
		for _, more := range []string{"( " + marker + "\t)", "os_name and (" + marker + ") or os_name", marker + "#)"} {
			if err := checkMarker(more); err != nil {
				t.Errorf("%q is good, but %q gives %v", marker, more, err)
			}
		}
	})
}

func FuzzRequires(f *testing.F) {
	for _, v := range loadSeeds(f).Requires {
		f.Add(v.text)
	}
	// The name of a section must not be repeated for all its lines.
	f.Add("[:os_name=='" + strings.Repeat("a", 4000) + "']\n" + strings.Repeat("b\n", 4000))
	f.Fuzz(func(t *testing.T, text string) {
		size := 0
		for _, requirement := range parseRequires(text) {
			size += len(requirement)
			_ = checkRequirement(requirement)
		}
		// A colon becomes two characters, an extra gets 13 more.
		if most := 20*len(text) + 20; size > most {
			t.Errorf("%d bytes of requirements from %d", size, len(text))
		}
		// Requirements before the first section are returned as they are.
		line := "first; os_name == 'x'"
		if got := parseRequires(line + "\n[x]\n" + text); !strings.Contains(text, globalSection) &&
			(len(got) == 0 || got[0] != line) {
			t.Errorf("got %q", got)
		}
	})
}

func FuzzEggLink(f *testing.F) {
	for _, p := range loadSeeds(f).Package {
		if strings.HasSuffix(string(p.Anchor), ".egg-link") {
			f.Add(p.Files["@SP@/"+string(p.Anchor)], "/host/root", "deep")
		}
	}
	f.Add("/host/root/toer/../src", "/host/root/", ".")
	f.Fuzz(func(t *testing.T, text, hostRoot, workDir string) {
		fsys := fstest.MapFS{
			"x.egg-link":            {Data: []byte(text)},
			"src/foo.egg-info":      {Data: []byte("Name: foo\nVersion: 1\n")},
			"deep/src/foo.egg-info": {Data: []byte("Name: foo\nVersion: 1\n")},
			"deep/er/file":          {},
		}
		p, err := Read(fsys, ".", "x.egg-link", Env{HostRoot: hostRoot, WorkDir: workDir})
		if err == nil && p != (Package{"foo", "1", "<develop>", "dev_0"}) {
			t.Errorf("got %+v", p)
		}
		if err != nil && !errors.Is(err, ErrSkipped) && text != "" && utf8.ValidString(text) {
			t.Errorf("a link to no or good sources makes conda fail: %v", err)
		}
	})
}

func loadSeeds(f *testing.F) recorded {
	f.Helper()
	r, err := readRecorded()
	if err != nil {
		f.Fatal(err)
	}
	return r
}
