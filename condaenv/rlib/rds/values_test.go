package rds_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/rlib/internal/tarfs"
	"kernelindexer/condaenv/rlib/rds"
)

// recorded returns what testdata/values.R has made.
func recorded(t testing.TB) fstest.MapFS {
	t.Helper()
	fsys, err := tarfs.Load("testdata/values.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// list returns the names in a folder of what was recorded, and fails if there are fewer than there should be.
func list(t testing.TB, fsys fs.FS, folder string, least int) []string {
	t.Helper()
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < least {
		t.Fatalf("%d entries in %s, want at least %d", len(entries), folder, least)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// formats are the names of the files with the same object.
var formats = []string{"ascii-2", "ascii-3", "hex-2", "hex-3", "native-2", "native-3", "xdr-2", "xdr-3"}

// TestEveryFormatGivesWhatRSays decodes every kind of object in every format.
func TestEveryFormatGivesWhatRSays(t *testing.T) {
	fsys := recorded(t)
	for _, name := range list(t, fsys, "values", 30) {
		want := string(fsys[path.Join("values", name, "want")].Data)
		for _, format := range formats {
			t.Run(name+"/"+format, func(t *testing.T) {
				v, err := new(rds.Decoder).Decode(fsys[path.Join("values", name, format)].Data)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, describe(v)); diff != "" {
					t.Errorf("(-R +got)\n%s", diff)
				}
			})
		}
	}
}

// TestHandWrittenFilesAreReadAsByR decodes files in the ASCII format that are odd or broken in one way each.
func TestHandWrittenFilesAreReadAsByR(t *testing.T) {
	deviations := map[string]string{
		// R knows the names of its functions; the decoder does not, as nothing depends on it.
		"primitive unknown": "other\n",
		// R trusts the mark and keeps what is no UTF-8 then; here all text is UTF-8.
		"string broken utf8": "string 1\n  \"a<c3>b\"\n",
	}
	fsys := recorded(t)
	for _, name := range list(t, fsys, "texts", 180) {
		t.Run(name, func(t *testing.T) {
			want := string(fsys[path.Join("texts", name, "want")].Data)
			if deviation, ok := deviations[name]; ok {
				want = deviation
			}
			got := "error\n"
			v, err := new(rds.Decoder).Decode(fsys[path.Join("texts", name, "file")].Data)
			if err == nil {
				got = describe(v)
			} else if !errors.Is(err, rds.ErrCorrupt) {
				t.Errorf("the error is not ErrCorrupt: %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("error %v (-R +got)\n%s", err, diff)
			}
		})
	}
}

// TestAFileCutAnywhereIsCorrupt cuts every object in every format at every byte: all of them are needed, but for the
// line break behind a string in the ASCII format.
func TestAFileCutAnywhereIsCorrupt(t *testing.T) {
	fsys := recorded(t)
	var d rds.Decoder
	for _, name := range list(t, fsys, "values", 30) {
		want := string(fsys[path.Join("values", name, "want")].Data)
		for _, format := range formats {
			file := fsys[path.Join("values", name, format)].Data
			step := 1 + len(file)/500 // Only the largest files are not cut at every byte.
			for size := 0; size < len(file); size += step {
				v, err := d.Decode(file[:size])
				if err == nil && file[0] == 'A' && size == len(file)-1 && describe(v) == want {
					continue
				}
				if !errors.Is(err, rds.ErrCorrupt) {
					t.Errorf("%s/%s: the first %d bytes of %d: error %v, want ErrCorrupt", name, format, size, len(file), err)
				}
			}
		}
	}
}

// TestTheValueOutlivesTheFile checks that neither the caller's bytes nor the decoder's buffers are part of the value.
func TestTheValueOutlivesTheFile(t *testing.T) {
	fsys := recorded(t)
	var d rds.Decoder
	file := slices.Clone(fsys["values/list/xdr-3"].Data)
	v, err := d.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		file[i] = 0xff
	}
	if _, err := d.Decode(fsys["values/string/xdr-3"].Data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(fsys["values/list/want"].Data), describe(v)); diff != "" {
		t.Errorf("(-R +got)\n%s", diff)
	}
}

// describe spells v as describe() in testdata/values.R does.
func describe(v *rds.Value) string {
	d := describer{}
	d.value(v, "")
	return d.String()
}

type describer struct{ strings.Builder }

func (d *describer) value(v *rds.Value, indent string) {
	inner := indent + "  "
	switch v.Kind() {
	case rds.Symbol:
		name, _ := v.Text(0)
		fmt.Fprintf(d, "%ssymbol %s\n", indent, quoted(name))
		return
	case rds.Null, rds.Environment, rds.S4, rds.Other:
		fmt.Fprintf(d, "%s%s\n", indent, kindNames[v.Kind()])
		return
	default:
		fmt.Fprintf(d, "%s%s %d\n", indent, kindNames[v.Kind()], v.Len())
	}
	d.elements(v, inner)
	for _, name := range v.AttrNames() {
		fmt.Fprintf(d, "%s@%s\n", inner, name)
		d.value(v.Attr(name), inner)
	}
}

func (d *describer) elements(v *rds.Value, indent string) {
	switch v.Kind() {
	case rds.Logical, rds.Integer, rds.Real, rds.String:
		for i := range v.Len() {
			s, ok := v.Text(i)
			if ok {
				s = quoted(s)
			} else {
				s = "NA"
			}
			fmt.Fprintf(d, "%s%s\n", indent, s)
		}
	case rds.List, rds.Expression, rds.Pairlist, rds.Language:
		for i, name := range v.Names() {
			if name != "" {
				name = quoted(name)
			}
			fmt.Fprintf(d, "%s[%s]\n", indent, name)
			d.value(v.Elem(i), indent)
		}
	default:
	}
}

var kindNames = map[rds.Kind]string{
	rds.Null: "NULL", rds.Logical: "logical", rds.Integer: "integer", rds.Real: "real", rds.Complex: "complex",
	rds.String: "string", rds.Raw: "raw", rds.List: "list", rds.Expression: "expression", rds.Pairlist: "pairlist",
	rds.Language: "language", rds.Environment: "environment", rds.S4: "S4", rds.Char: "char", rds.Other: "other",
}

func quoted(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}
