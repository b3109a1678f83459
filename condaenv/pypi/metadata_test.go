package pypi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pypi"
)

// readMetadata reads an egg-info file with this text.
func readMetadata(text string) (pypi.Package, error) {
	return pypi.Read(site{"x.egg-info": text}.fs(), sitePackages, "x.egg-info", pypi.Env{})
}

func TestMetadataHeaders(t *testing.T) {
	const unset = "(no version)"
	for _, tc := range []struct {
		name, text, wantName, wantVersion string
	}{
		{"no line break at the end", "Name: foo\nVersion: 1.0", "foo", "1.0"},
		{"no blank behind the colon", "Name:foo\nVersion:1.0\n", "foo", "1.0"},
		{"blanks before the value go", "Name: \t foo\nVersion:\t 1.0\n", "foo", "1.0"},
		{"blanks behind the value stay", "Name: foo \nVersion: 1.0\t \n", "foo ", "1.0\t "},
		{"other white space before the value stays", "Name: \u00a0foo\nVersion: \f1\n", "\u00a0foo", "\f1"},
		{"the last of repeated headers wins", "Name: a\nVersion: 1\nName: b\nVersion: 2\n", "b", "2"},
		{"an empty header wins over an earlier one", "Name: a\nVersion: 1\nName:\nVersion:\n", "", ""},
		{"letter case of the header matters", "Name: foo\nVersion: 1\nNAME: bar\nversion: 2\n", "foo", "1"},
		{"no Name", "Version: 1.0\n", "", "1.0"},
		{"no Version", "Name: foo\n", "", unset},
		{"an empty file", "", "", unset},

		{"continuation with its line break and blanks", "Name: foo\nVersion: 1.0\n .1\n\t2\n", "foo", "1.0\n .1\n\t2"},
		{"value on the continuation line only", "Name: foo\nVersion:\n 1.0\n", "foo", "\n 1.0"},
		{"line of blanks continues", "Name: foo\nVersion: 1.0\n \nName: bar\n", "bar", "1.0\n "},
		{"continuation of nothing at the beginning", " x\n\ty\nName: foo\nVersion: 1\n", "foo", "1"},
		{"From line at the beginning", "From me\n x\nName: foo\nVersion: 1\n", "foo", "1"},
		{"From line between headers, with continuation", "Name: foo\nFrom : x\n y\nVersion: 1\n", "foo", "1"},
		{"From header is a header", "From: x\nName: foo\nVersion: 1\n", "foo", "1"},
		{"line that begins with a colon, with continuation", "Name: foo\n: x\n y\nVersion: 1\n", "foo", "1"},

		{"empty line ends the headers", "Name: foo\nVersion: 1\n\nVersion: 2\n", "foo", "1"},
		{"empty line at the beginning", "\nName: foo\nVersion: 1\n", "", unset},
		{"text ends the headers", "Name: foo\nVersion: 1\ntext\nVersion: 2\n", "foo", "1"},
		{"blank before the colon ends the headers", "Name: foo\nVersion: 1\nX : y\nVersion: 2\n", "foo", "1"},
		{"letter beyond ASCII in a header ends the headers", "Name: foo\nVersion: 1\nÜ: y\nVersion: 2\n", "foo", "1"},
		{"NUL in a header ends the headers", "Name: foo\nVersion: 1\nX\x00: y\nVersion: 2\n", "foo", "1"},
		{"DEL in a header ends the headers", "Name: foo\nVersion: 1\nX\x7f: y\nVersion: 2\n", "foo", "1"},
		{"punctuation in a header does not", "Name: foo\n!-~: y\nVersion: 2\n", "foo", "2"},
		{"byte order mark ends the headers", "\ufeffName: foo\nVersion: 1\n", "", unset},

		{"CRLF", "Name: foo\r\nVersion: 1.0\r\n .1\r\n\r\nVersion: 2\r\n", "foo", "1.0\n .1"},
		{"lone CR", "Name: foo\rVersion: 1.0\r\rVersion: 2", "foo", "1.0"},
		{"CR CR LF is an empty line", "Name: foo\nVersion: 1.0\r\r\nVersion: 2\n", "foo", "1.0"},
		{"LF CR is an empty line", "Name: foo\nVersion: 1.0\n\rVersion: 2\n", "foo", "1.0"},
		{"form feed is no line break", "Name: foo\nVersion: 1\fName: bar\n", "foo", "1\fName: bar"},
		{"NEL is no line break", "Name: foo\nVersion: 1\u0085Name: bar\n", "foo", "1\u0085Name: bar"},
		{"U+2028 is no line break", "Name: foo\nVersion: 1\u2028Name: bar\n", "foo", "1\u2028Name: bar"},
		{"NUL in a value stays", "Name: foo\nVersion: 1\x002\n", "foo", "1\x002"},
		{"colons in a value stay", "Name: foo\nVersion: 1: 2:\n", "foo", "1: 2:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := readMetadata(tc.text)
			want, got := tc.wantName+" "+tc.wantVersion+" pypi pypi_0", outcome(p, err)
			if tc.wantVersion == unset {
				want = noVersion
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, err)
			}
		})
	}
}

func TestMetadataMustBeUTF8(t *testing.T) {
	for _, tc := range []struct{ name, bytes string }{
		{"Latin-1", "\xe9"},
		{"a surrogate", "\xed\xa0\x80"},
		{"an overlong NUL", "\xc0\x80"},
		{"beyond U+10FFFF", "\xf4\x90\x80\x80"},
		{"cut off at the end of the file", "\xe2\x82"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, before := range []string{good + "Author: ", good + "\nbody ", ""} {
				if p, err := readMetadata(before + tc.bytes); outcome(p, err) != fails {
					t.Errorf("behind %q: %v, %v", before, p, err)
				}
			}
		})
	}
}

func TestNormalisedNames(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"dots, underscores and case", "Foo.Bar_Baz", "foo-bar-baz"},
		{"each for itself", "a.._b", "a---b"},
		{"at the ends, too", "__A__", "--a--"},
		{"not renamed as conda packages are", "graphviz", "graphviz"},
		{"not stripped", "foo ", "foo "},
		{"dotted capital I gives two characters", "İ", "i\u0307"},
		{"final sigma", "ΟΔΟΣ", "οδος"},
		{"sigma within a word", "ΣΑΣΑ", "σασα"},
		{"sigma alone", "Σ", "σ"},
		{"final sigma before a dash", "ΑΣ.Β", "ας-β"},
		{"an apostrophe does not end a word", "ΑΣ'Α", "ασ'α"},
		{"neither does a circumflex", "ΑΣ^Α", "ασ^α"},
		{"neither does an accent", "ΑΣ\u0301Α", "ασ\u0301α"},
		{"accents count as part of the word before", "Α\u0301Σ", "α\u0301ς"},
		{"capital sharp s", "ẞ", "ß"},
		{"title case", "ǅ", "ǆ"},
		{"Roman numerals", "Ⅷ", "ⅷ"},
		{"Georgian", "ᲐᲑ", "აბ"},
		{"Cherokee", "Ꭰ", "ꭰ"},
		{"beyond the first plane", "𐐀𝔸", "𐐨𝔸"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := readMetadata("Name: " + tc.in + "\nVersion: 1\n")
			if err != nil {
				t.Fatal(err)
			}
			if p.Name != tc.want {
				t.Errorf("got %+q, want %+q", p.Name, tc.want)
			}
		})
	}
}
