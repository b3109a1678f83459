package condarc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write gives a value in a short form: kind and text of scalars, [lists], {mappings}, and !flags.
func write(v value) string {
	text := ""
	switch v.shape {
	case isScalar:
		text = fmt.Sprint([...]string{"null", "bool", "int", "float", "text", "other"}[v.scalar.Kind], " ", v.scalar.Text)
	case isList:
		var items []string
		for _, item := range v.items {
			items = append(items, write(item))
		}
		text = "[" + strings.Join(items, ", ") + "]"
	case isMap:
		text = "{" + writeEntries(v.entries) + "}"
	}
	return text + [...]string{"", " !final", " !top", " !bottom"}[v.flag]
}

func writeEntries(entries []entry) string {
	var parts []string
	for _, e := range entries {
		parts = append(parts, e.key.Text+": "+write(e.value))
	}
	return strings.Join(parts, ", ")
}

// The types of YAML 1.2 values, and what conda makes of them as text.
func TestScalarTypes(t *testing.T) {
	for yaml, want := range map[string]string{
		"b": "text b", "yes": "text yes", "no": "text no", "on": "text on", "y": "text y", "tRue": "text tRue", "nULL": "text nULL",
		"true": "bool True", "TRUE": "bool True", "False": "bool False",
		"~": "null None", "null": "null None", "": "null None", "''": "text ", `"null"`: "text null",
		"5": "int 5", "-0": "int 0", "+7": "int 7", "017": "int 17", "0o17": "int 15", "0x1F": "int 31", "0b11": "int 3", "1_000": "int 1000",
		"1.5": "float 1.5", "1.50": "float 1.5", "1.": "float 1.0", ".5": "float 0.5", "1e3": "float 1000.0", "1e16": "float 1e+16",
		"1e-5": "float 1e-05", "-0.0": "float -0.0", ".inf": "float inf", "-.INF": "float -inf", ".nan": "float nan", "1e999": "float inf",
		"1:30": "text 1:30", "2001-1-1": "text 2001-1-1", "https://h/x?y=z#a": "text https://h/x?y=z#a", "_1": "text _1",
		"[https://h/x?y=z, b?]": "[text https://h/x?y=z, text b?]", "{b?c: d}": "{b?c: text d}",
		"!!str 5": "text 5", "!!int '5'": "int 5", "!!bool yes": "bool True", "!!null x": "null None", "!!float 1e0": "float 1.0",
		"!!binary aGk=": "text hi", "!!binary 'a G%k='": "text hi", "! 5": "int 5", "!x [b]": "[text b]", "!x {b: c}": "{b: text c}", "!!omap [b: c, d: e]": "{b: text c, d: text e}",
		"'it''s'": "text it's", `"\u00e4\x07"`: "text ä\x07", "b\n  c": "text b c", "|\n  b\n  c": "text b\nc", ">\n  b\n  c\n": "text b c\n",
		"&x [*x]": "[null None]", "{<<: {b: c, d: e}, b: f}": "{b: text f, d: text e}", "{<<: [{b: c}, {b: d, e: f}]}": "{b: text c, e: text f}",
		"{2020-01-01: b, [c]: d}": "{2020-01-01: text b, at line 1, column 20: text d}",
		"[b, {c: }, []]":          "[text b, {c: null None}, []]",
		`"x` + "\t" + `y"`:        "text x\ty",
		"b # x\ty":                "text b",
	} {
		entries, err := parse([]byte("a: " + yaml))
		if err != nil || len(entries) != 1 {
			t.Errorf("%q: %v, %v", yaml, entries, err)
			continue
		}
		if got := write(entries[0].value); got != want {
			t.Errorf("%q: got %s, want %s", yaml, got, want)
		}
	}
}

// A comment flags the value before it, if it is the only comment there.
func TestFlags(t *testing.T) {
	for yaml, want := range map[string]string{
		"a: b #!final\n":                          "a: text b !final",
		"a: b #final\n":                           "a: text b !final",
		"a: b  # !final\n":                        "a: text b",
		"a: b #!final x\n":                        "a: text b",
		"a: b #!FINAL\n":                          "a: text b",
		"a: b#!final\n":                           "a: text b#!final",
		"a: b #!final\n# more\nc: d\n":            "a: text b, c: text d",
		"a: b #!final\n\nc: d\n":                  "a: text b !final, c: text d",
		"a: b\n#!final\nc: d\n":                   "a: text b !final, c: text d",
		"#!final\na: b\n":                         "a: text b",
		"a: \"b # c\" #!final\n":                  "a: text b # c !final",
		"a: 'b''c' #!final\n":                     "a: text b'c !final",
		"a: \"b\n  c\\\"\" #!final\n":             "a: text b c\" !final",
		"a: b c\n  d #!final\n":                   "a: text b c d !final",
		"a: #!final\n  b\n":                       "a: text b !final",
		"a: #!final\n":                            "a: null None !final",
		"a: #!final\n  - x #!top\n  - y #!bottom": "a: [text x !top, text y !bottom] !final",
		"a:\n- x\n#!top\n- y\n":                   "a: [text x !top, text y]",
		"a:\n  #!final\n  - x\n":                  "a: [text x]",
		"a: #!final\n  # more\n  - x\n":           "a: [text x]",
		"a: #!final\n  x: y #!final\n":            "a: {x: text y !final} !final",
		"a: [x, '#'] #!final\n":                   "a: [text x, text #] !final",
		"a: {x: y,\n z: w} #!final\nb: c\n":       "a: {x: text y, z: text w} !final, b: text c",
		"a: [x]\n#!final\n":                       "a: [text x]",
		"a: &x b #!final\nc: *x #!final\n":        "a: text b !final, c: text b !final",
		"a: !!str b #!final\n":                    "a: text b !final",
		"\"ä\": ö #!final\n":                      "ä: text ö !final",
		"? a\n: b #!final\n":                      "a: text b !final",
		"a: |\n  b #!final\n":                     "a: text b #!final\n",
		"a: b?c #!final\n":                        "a: text b?c !final",
	} {
		entries, err := parse([]byte(yaml))
		if got := writeEntries(entries); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", yaml, got, err, want)
		}
	}
}

// settings loads files, in the order of their precedence.
func settings(t *testing.T, files ...string) *Config {
	t.Helper()
	named := make(map[string]string)
	for i, text := range files {
		named[fmt.Sprintf("condarc.d/%d.yml", i)] = text
	}
	c, err := Load(prefixWith(named), "p")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Of a single value that several files give, the last counts, unless one is final.
func TestScalarMerging(t *testing.T) {
	p := Param{"_a", "a"}
	for want, files := range map[string][]string{
		"text x":    {"a: x"},
		"text y":    {"a: x", "_a: y"},
		"null None": {"a: x", "a:"},
		"text x1":   {"a: x1 #!final", "a: y #!final", "a: z"},
		"text y1":   {"a: x", "a: y1 #!final", "a: [z]"},
	} {
		s, set, err := settings(t, files...).Scalar(p)
		if got := write(value{scalar: s}); !set || err != nil || got != want {
			t.Errorf("%q: got %s, %t, %v; want %s", files, got, set, err, want)
		}
	}
	for _, files := range [][]string{{"a: [x]"}, {"a: {}"}, {"a: x\n_a: y"}, {"a: x\n_a: y", "a: z"}} {
		if s, _, err := settings(t, files...).Scalar(p); err == nil {
			t.Errorf("%q: got %v, want an error", files, s)
		}
	}
	if _, set, err := settings(t, "b: x").Scalar(p); set || err != nil {
		t.Errorf("set %t, error %v", set, err)
	}
}

// Of a list that several files give, all items count, the last file's first; flags move items.
func TestListMerging(t *testing.T) {
	const unset = "(unset)"
	for _, tc := range []struct {
		want  string
		files []string
	}{
		{"x y", []string{"a: [x, y]"}},
		{"z x y", []string{"a: [x, y]", "a: [z, x]"}},
		{"x y", []string{"a: [x, y]", "a: ~"}},
		{"x y", []string{"a: [x, y]", "a: {}"}},
		{unset, []string{"a: "}},
		{"", []string{"a: []"}},
		{"None 5 True 1.5", []string{"a: [~, 5, true, 1.5]"}},
		{"x", []string{"a: [x] #!final", "a: [y]"}},
		{"x z y", []string{"a:\n  - x #!top\n  - y", "a: [z]"}},
		{"z y x", []string{"a:\n  - x #!bottom\n  - y", "a: [z]"}},
		{"1 4 2 3", []string{"a:\n  - 1 #!top\n  - 2\n  - 3 #!bottom", "a: [3, 4]"}},
		{"y1 x y2", []string{"a:\n  - x", "a:\n  - y1\n  - y2 #!bottom"}},
	} {
		items, set, err := settings(t, tc.files...).List(Param{"a"})
		got := strings.Join(items, " ")
		if !set {
			got = unset
		}
		if err != nil || got != tc.want {
			t.Errorf("%q: got %q, %v; want %q", tc.files, got, err, tc.want)
		}
	}
	for _, files := range [][]string{{"a: x"}, {"a: {b: c}"}, {"a: [[x]]"}, {"a: [{}]"}, {"a: x", "a: [y]"}, {"a: [y] #!final", "a: x"}, {"a: ''"}} {
		if items, _, err := settings(t, files...).List(Param{"a"}); err == nil {
			t.Errorf("%q: got %q, want an error", files, items)
		}
	}
}

// Mappings that several files give are merged key by key.
func TestMapMerging(t *testing.T) {
	for _, tc := range []struct {
		want  string
		files []string
	}{
		{"x=1 y=2", []string{"a: {x: 1, y: 2}"}},
		{"x=3 y=2 z=4", []string{"a: {x: 1, y: 2}", "a: {z: 4, x: 3}"}},
		{"x=1 y=5", []string{"a:\n  x: 1 #!final\n  y: 2", "a: {x: 3, y: 5}"}},
		{"x=1", []string{"a: {x: 1} #!final", "a: {x: 3, y: 5}"}},
		{"x=1", []string{"a: {x: 1}", "a: "}},
		{"", []string{"a: {}"}},
		{"x=None", []string{"a: {x: }"}},
		{"x=1", []string{"a: {x: [2]}", "a: {x: 1}"}},
	} {
		pairs, _, err := settings(t, tc.files...).Map(Param{"a"})
		var got []string
		for _, p := range pairs {
			got = append(got, p.Key.Text+"="+p.Value)
		}
		if diff := cmp.Diff(tc.want, strings.Join(got, " ")); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", tc.files, err, diff)
		}
	}
	for _, files := range [][]string{{"a: x"}, {"a: []"}, {"a: {x: [1]}"}, {"a: {x: 1} #!final", "a: y"}} {
		if pairs, _, err := settings(t, files...).Map(Param{"a"}); err == nil {
			t.Errorf("%q: got %v, want an error", files, pairs)
		}
	}
}

// Mappings to lists are merged key by key, and the lists like lists.
func TestGroupMerging(t *testing.T) {
	for _, tc := range []struct {
		want  string
		files []string
	}{
		{"x=1,2 y=", []string{"a: {x: [1, 2], y: }"}},
		{"x=3,1,2 y=4", []string{"a: {x: [1, 2]}", "a: {x: [3], y: [4]}"}},
		{"x=1", []string{"a:\n  x: #!final\n    - 1", "a: {x: [3]}"}},
		{"x=1", []string{"a: {x: [1]} #!final", "a: {x: [3], y: [4]}"}},
	} {
		groups, _, err := settings(t, tc.files...).Groups(Param{"a"})
		var got []string
		for _, g := range groups {
			got = append(got, g.Key.Text+"="+strings.Join(g.Values, ","))
		}
		if diff := cmp.Diff(tc.want, strings.Join(got, " ")); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", tc.files, err, diff)
		}
	}
	for _, files := range [][]string{{"a: x"}, {"a: {x: 1}"}, {"a: {x: [[1]]}"}, {"a: {x: {y: z}}"}, {"a: {x: [1]} #!final", "a: {x: y}"}} {
		if groups, _, err := settings(t, files...).Groups(Param{"a"}); err == nil {
			t.Errorf("%q: got %v, want an error", files, groups)
		}
	}
}

// What conda takes for a truth value and for an integer.
func TestCoercion(t *testing.T) {
	for text, want := range map[string]string{
		"true": "true", "yes": "true", "' On '": "true", "n": "false", "non": "false", "none": "false", "~": "false", "''": "false", "'.'": "false",
		"0": "false", "-0.0": "false", ".nan": "true", "'0.0'": "false", "'1_0'": "true", "'1e5'": "true", "'0j'": "false", "'(1)'": "true",
		"'1+2j'": "true", "'j'": "true", "'inf'": "true", "'1e400'": "true", "maybe": "", "'1+'": "", "'1__0'": "", "'+'": "", "'null'": "",
	} {
		entries, err := parse([]byte("a: " + text))
		if err != nil {
			t.Fatal(err)
		}
		truth, err := entries[0].value.scalar.Truth(false)
		got := fmt.Sprint(truth)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("truth of %s = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"5": true, "true": true, "1.5": true, "' +5 '": true, "'1_0'": true, "'1__0'": false, "'_1'": false, "x": false, "": false, "''": false, ".inf": false, ".nan": false, "'1.5'": false,
	} {
		entries, err := parse([]byte("a: " + text))
		if err != nil {
			t.Fatal(err)
		}
		if err := entries[0].value.scalar.CheckInt(); (err == nil) != want {
			t.Errorf("integer %s: %v", text, err)
		}
	}
	if truth, err := (Scalar{Text, "null"}).Truth(true); truth || err != nil {
		t.Errorf("nullable: %t, %v", truth, err)
	}
}

// Any text is read or refused, and its values can be merged.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"a: [b, {c: d}] #!final\n", "a: &x {b: c}\nd: *x\n<<: *x\n", "? |\n  a\n: >-\n  b\n", "a: !!omap [b: c]\n", "%YAML 1.2\n---\na: 'b\n\n  c'\n...\n",
		"a: #!top\n  - \"x\\\n    y\" #!bottom\n", "a:\tb\n", "[?x, :y, z?]", "&a [*a, *a]", "\ufeffa: 0x1F\r\nb: .nan\r",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parse([]byte(text))
		if err != nil {
			return
		}
		c := &Config{files: []file{{"one", entries}, {"two", entries}}}
		for _, e := range entries {
			p := Param{e.key.Text}
			if _, set, err := c.Scalar(p); e.key.Kind == Text && err == nil && !set {
				t.Errorf("%q of %q is not set", e.key.Text, text)
			}
			_, _, _ = c.List(p)
			_, _, _ = c.Map(p)
			_, _, _ = c.Groups(p)
			_, _ = e.value.scalar.Truth(true)
		}
	})
}
