package condacmd

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeList(t *testing.T) {
	tests := []struct {
		name, in string
		want     []Package
	}{
		{"an empty environment", "[]", []Package{}},
		{
			"conda", `[{"base_url": "https://conda.anaconda.org/conda-forge", "build_number": 1, "build_string": "h_1", "channel": "conda-forge",
				"dist_name": "zlib-1.3-h_1", "name": "zlib", "platform": "linux-64", "version": "1.3"}]`,
			[]Package{{"zlib", "1.3", "h_1", "conda-forge"}},
		},
		{
			"micromamba, with a line break at the end", `[{"base_url": "u", "build_number": 0, "build_string": "0", "channel": "conda-forge",
				"dist_name": "a-1-0", "md5": "", "name": "a", "platform": "noarch", "sha256": "", "url": "", "version": "1"}]` + "\n",
			[]Package{{"a", "1", "0", "conda-forge"}},
		},
		{"build for build_string", `[{"name": "a", "version": "1", "build": "b"}]`, []Package{{"a", "1", "b", ""}}},
		{"build_string before build", `[{"name": "a", "version": "1", "build": "b", "build_string": "c"}]`, []Package{{"a", "1", "c", ""}}},
		{"nulls", `[{"name": "a", "version": "1", "build_string": null, "build": "b", "channel": null}]`, []Package{{"a", "1", "b", ""}}},
		{"empty texts", `[{"name": "", "version": "", "channel": "pypi"}]`, []Package{{Channel: "pypi"}}},
		{"letter case of keys counts", `[{"Name": "x", "name": "a", "VERSION": "2", "version": "1"}]`, []Package{{"a", "1", "", ""}}},
		{"the last of equal keys counts", `[{"name": "x", "name": "a", "version": "1"}]`, []Package{{"a", "1", "", ""}}},
		{"order and repetitions are conda's", `[{"name": "b", "version": "1"}, {"name": "a", "version": "1"}, {"name": "b", "version": "2"}]`, []Package{{Name: "b", Version: "1"}, {Name: "a", Version: "1"}, {Name: "b", Version: "2"}}},
		{"a lone surrogate survives", `[{"name": "a\udc80b", "version": "\ud83d\ude00"}]`, []Package{{Name: "a\xed\xb2\x80b", Version: "😀"}}},
		{"what JSON lacks", `[{"name": "a", "version": "1", "build_number": NaN, "size": -Infinity}]`, []Package{{Name: "a", Version: "1"}}},
		{"an enormous number", `[{"name": "a", "version": "1", "build_number": ` + strings.Repeat("9", 4000) + `}]`, []Package{{Name: "a", Version: "1"}}},
		{"escapes", `[{"n\u0061me": "\u0061\"\\\/\n", "version": "1"}]`, []Package{{Name: "a\"\\/\n", Version: "1"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, report, err := decode([]byte(test.in))
			if err != nil || report != nil {
				t.Fatalf("report %v, error %v", report, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                                 "unexpected end",
		`null`:                             "neither a JSON array nor an object",
		`"text"`:                           "neither a JSON array nor an object",
		`[1]`:                              "package 1: it is not a JSON object",
		`["zlib-1.3-0"]`:                   "package 1: it is not a JSON object", // conda before 4.4
		`[{"name": "a"}]`:                  `package 1: it has no "version"`,
		`[{"version": "1"}]`:               `package 1: it has no "name"`,
		`[{"name": null, "version": "1"}]`: `package 1: it has no "name"`,
		`[{"name": "a", "version": 1}]`:    `package 1: its "version" is not a text`,
		`[{"name": "a", "version": "1", "channel": {}}]`: `package 1: its "channel" is not a text`,
		`[{"name": "a", "version": "1"}, {}]`:            `package 2: it has no "name"`,
		`[{"name": "a", "version": "1"}`:                 "unexpected end",
		`[{"name": "a", "version": "1"}] x`:              "extra data",
		`[] []`:                                          "extra data",
		"[{\"name\": \"a\xff\", \"version\": \"1\"}]":    "byte 12: not valid UTF-8",
		`{}`: "a JSON object that reports no error",
		`{"message": "", "error": null, "exception_name": ""}`: "a JSON object that reports no error",
		`{"message": "m"} x`:                        "extra data",
		strings.Repeat("[", 100_000):                "package 1: it is not a JSON object",
		`[{"name": ` + strings.Repeat("[", 100_000): "nested too deeply",
		strings.Repeat(`{"a":`, 100_000):            "nested too deeply",
	} {
		list, report, err := decode([]byte(in))
		if list != nil || report != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, %v, %v, want %q", in, list, report, err, want)
		}
	}
}

func TestReportError(t *testing.T) {
	for in, want := range map[string]string{
		`{"exception_name": "E", "message": "m"}`:                  "E: m",
		`{"exception_name": "KeyError", "error": "KeyError('a')"}`: "KeyError('a')",
		`{"exception_name": "E", "error": "e"}`:                    "E: e",
		`{"exception_name": "E"}`:                                  "E",
		`{"exception_name": "E", "message": "E"}`:                  "E",
		`{"error": "only this"}`:                                   "only this",
		`{"exception_name": 3, "message": "a\u202e\nb\udc00"}`:     "a b\uFFFD\uFFFD\uFFFD",
	} {
		_, report, err := decode([]byte(in))
		if err != nil || report.Error() != want {
			t.Errorf("%s: got %v, %v, want %q", in, report, err, want)
		}
	}
}

// FuzzDecode: whatever a program prints, the answer is a list, a report or an error, one of the three; and where Go's
// own JSON reader finds a list of texts, ours finds the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`[]`, `{}`, `[{"name": "a", "version": "1", "build_string": "0", "channel": "c"}]`, `{"exception_name": "E", "message": "m"}`,
		`[{"name": "\ud800", "version": NaN}]`, "\xef\xbb\xbf[]", "[\x00", "[{", `[{"name": "a", "version": "1"}] []`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var reference []map[string]string
		isList := utf8.Valid(data) && json.Unmarshal(data, &reference) == nil && reference != nil
		list, report, err := decode(append([]byte(nil), data...))
		results := 0
		for _, is := range []bool{list != nil, report != nil, err != nil} {
			if is {
				results++
			}
		}
		if results != 1 {
			t.Fatalf("list %v, report %v, error %v", list, report, err)
		}
		for i, p := range list {
			if isList && utf8.ValidString(p.Name) && reference[i]["name"] != p.Name {
				t.Errorf("package %d: name %q, encoding/json says %q", i, p.Name, reference[i]["name"])
			}
		}
	})
}
