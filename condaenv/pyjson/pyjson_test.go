package pyjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pyjson"
)

// collect scans a whole document and returns all its strings, keys included, in the order of the document.
func collect(doc []byte) ([]string, error) {
	var s pyjson.Scanner
	if err := s.Reset(bytes.Clone(doc)); err != nil {
		return nil, err
	}
	var texts []string
	if err := walk(&s, &texts); err != nil {
		return nil, err
	}
	return texts, s.End()
}

func walk(s *pyjson.Scanner, texts *[]string) error {
	kind, err := s.Peek()
	if err != nil {
		return err
	}
	start := s.Pos()
	switch kind { //nolint:exhaustive // the others are skipped below
	case pyjson.Object:
		for first := true; ; first = false {
			key, more, err := s.Key(first)
			if err != nil || !more {
				return err
			}
			*texts = append(*texts, pyjson.Text(key))
			if err := walk(s, texts); err != nil {
				return err
			}
		}
	case pyjson.Array:
		for first := true; ; first = false {
			more, err := s.Elem(first)
			if err != nil || !more {
				return err
			}
			if err := walk(s, texts); err != nil {
				return err
			}
		}
	case pyjson.String:
		if _, err := s.Skip(); err != nil {
			return err
		}
		raw := s.Span(start)
		*texts = append(*texts, pyjson.Text(raw[1:len(raw)-1]))
		return nil
	}
	_, err = s.Skip()
	return err
}

// TestAgreesWithPython compares with what json.loads of Python 3.11 made of the same bytes.
func TestAgreesWithPython(t *testing.T) {
	data, err := os.ReadFile("testdata/python311.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Doc     []byte
		Strings [][]byte
		Error   string
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		got, err := collect(v.Doc)
		if (err != nil) != (v.Error != "") {
			t.Errorf("%.80q: error %v, Python: %q", v.Doc, err, v.Error)
			continue
		}
		want := make([]string, len(v.Strings))
		for i, s := range v.Strings {
			want[i] = string(s)
		}
		if diff := cmp.Diff(want, append([]string{}, got...)); err == nil && diff != "" {
			t.Errorf("%.80q: strings (-python +got)\n%s", v.Doc, diff)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	tests := []struct {
		doc, want string
		offset    int
	}{
		{`{"a": 1,}`, "expecting a key in double quotes", 8},
		{`{"a" 1}`, "expecting ':'", 5},
		{`[1 2]`, "expecting ',' or ']'", 3},
		{`["a` + "\n" + `"]`, "control character in a string", 3},
		{`["\q"]`, "invalid escape in a string", 2},
		{`[1] x`, "extra data after the value", 4},
		{`[1`, "unexpected end", 2},
		{``, "unexpected end", 0},
		{`["` + "\xff" + `"]`, "not valid UTF-8, UTF-16 or UTF-32", 2},
		{strings.Repeat("[", 2000), "nested too deeply", pyjson.MaxDepth},
	}
	for _, tt := range tests {
		_, err := collect([]byte(tt.doc))
		var syntax *pyjson.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40q: error %v, want a SyntaxError", tt.doc, err)
			continue
		}
		if syntax.Reason != tt.want || syntax.Offset != tt.offset {
			t.Errorf("%.40q: %v, want byte %d: %s", tt.doc, err, tt.offset, tt.want)
		}
	}
}

func TestFileNameIsPythonsFsdecode(t *testing.T) {
	tests := []struct{ name, want string }{
		{"plain-1-0.json", "plain-1-0.json"},
		{"ü", "ü"},
		{"a\xffb", "a\xed\xb3\xbfb"},
		{"\xed\xa0\x80", "\xed\xb3\xad\xed\xb2\xa0\xed\xb2\x80"}, // an encoded surrogate is not UTF-8: three bad bytes
	}
	for _, tt := range tests {
		if got := pyjson.FileName(tt.name); got != tt.want {
			t.Errorf("FileName(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestValidReplacesSurrogatesOnce(t *testing.T) {
	if got, want := pyjson.Valid("a\xed\xa0\x80b\xffc"), "a\uFFFDb\uFFFDc"; got != want {
		t.Errorf("Valid = %q, want %q", got, want)
	}
	if got, want := pyjson.Len("aé😀\xed\xa0\x80"), 4; got != want {
		t.Errorf("Len = %d, want %d", got, want)
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range []string{`{"a":[1,"\ud83d\ude00",null]}`, "\xff\xfe[\x00]\x00", `"\`, `[1e5, NaN]`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		_, err := collect(doc)
		var std any
		if stdErr := json.Unmarshal(doc, &std); stdErr == nil && err != nil && utf8.Valid(doc) && len(doc) < pyjson.MaxDepth {
			t.Errorf("encoding/json reads %q, we do not: %v", doc, err)
		}
	})
}

func BenchmarkSkip(b *testing.B) {
	var doc bytes.Buffer
	doc.WriteString("{\n  \"paths\": [\n")
	for range 1000 {
		doc.WriteString(`      {
        "_path": "lib/python3.11/site-packages/some/package/module_name.py",
        "path_type": "hardlink",
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256_in_prefix": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "size_in_bytes": 12345
      },
`)
	}
	doc.WriteString("  1]\n}\n")
	buf := make([]byte, 0, doc.Len()+64)
	b.SetBytes(int64(doc.Len()))
	var s pyjson.Scanner
	for b.Loop() {
		if err := s.Reset(append(buf[:0], doc.Bytes()...)); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Skip(); err != nil {
			b.Fatal(err)
		}
		if err := s.End(); err != nil {
			b.Fatal(err)
		}
	}
}
