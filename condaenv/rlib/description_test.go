package rlib_test

import (
	"errors"
	"strings"
	"testing"

	"kernelindexer/condaenv/rlib"
)

// TestParseDescriptionIsReadDCF checks the value of Version, as read.dcf() gives it.
func TestParseDescriptionIsReadDCF(t *testing.T) {
	for _, test := range []struct{ rule, text, want string }{
		{"a value is stripped", "Version: \t 1.0 \t \n", "1.0"},
		{"the colon needs no blank", "Version:1.0\n", "1.0"},
		{"only the first colon counts", "Version: 1:0\n", "1:0"},
		{"a line break at the end is not needed", "Version: 1.0", "1.0"},
		{"lines end in CR LF", "A: b\r\nVersion: 1.0\r\n", "1.0"},
		{"lines end in CR", "A: b\rVersion: 1.0\rC: d", "1.0"},
		{"a continuation is stripped and joined", "Version: 1\n\t 2 \n", "1\n2"},
		{"an empty value is continued without a line break", "Version:\n 1.0\n", "1.0"},
		{"a single dot is an empty line", "Version: 1\n .\n 2\n", "1\n\n2"},
		{"dots before nothing are dropped", "Version: 1\n .\n .\n", "1"},
		{"dots go to the next field that is continued", "A: b\n .\nVersion: 1\n 2\n", "1\n\n2"},
		{"the later field counts", "Version: 1\nVersion: 2\n", "2"},
		{"only the first record counts", "Version: 1\n\nVersion: 2\n", "1"},
		{"a line of blanks ends a record", "Version: 1\n \t\nVersion: 2\n", "1"},
		{"blank lines may come first", "\n\n \nVersion: 1\n", "1"},
		{"a NUL byte ends a line", "Version: 1\x002\nA: b\n", "1"},
		{"a field may be empty", "Version:\n", ""},
		{"bytes are kept", "Version: 1\xe4\n", "1\xe4"},
	} {
		d, err := rlib.ParseDescription([]byte(test.text))
		if got, ok := d.Get("Version"); err != nil || !ok || got != test.want {
			t.Errorf("%s: %q %v, want %q, error %v", test.rule, got, ok, test.want, err)
		}
	}
}

// TestMalformedDescriptions lists what read.dcf() fails at, and what has no record.
func TestMalformedDescriptions(t *testing.T) {
	for rule, text := range map[string]string{
		"nothing":                                 "",
		"blank lines only":                        "\n \t\n\n",
		"a line without a colon":                  "Version: 1\nno field\n",
		"a comment":                               "# a comment\nVersion: 1\n",
		"a field without a name":                  ": 1\n",
		"a continuation of nothing":               " Version: 1\n",
		"a later record is broken":                "Version: 1\n\nno field\n",
		"a later record begins with continuation": "Version: 1\n\n 2\n",
		"a long line":                             strings.Repeat("x", 1000),
	} {
		d, err := rlib.ParseDescription([]byte(text))
		if !errors.Is(err, rlib.ErrMalformed) {
			t.Errorf("%s: error %v, want ErrMalformed", rule, err)
		}
		if len(err.Error()) > 200 {
			t.Errorf("%s: the error has %d bytes", rule, len(err.Error()))
		}
		if _, ok := d.Get("Version"); ok {
			t.Errorf("%s: there is a version", rule)
		}
	}
}

// TestLookupTakesTheBeginningOfOneName is what $ does with a list of fields.
func TestLookupTakesTheBeginningOfOneName(t *testing.T) {
	for _, test := range []struct {
		rule, text, want string
		ok               bool
	}{
		{"exactly", "Version2: 2\nVersion: 1\n", "1", true},
		{"with a blank behind", "Version : 1\n", "1", true},
		{"by the beginning of one", "Versions: 1\nA: b\n", "1", true},
		{"not of two", "Version1: 1\nVersion2: 2\n", "", false},
		{"not in another case", "version: 1\n", "", false},
		{"not in a later record", "A: b\n\nVersion: 1\n", "", false},
		{"a later record's field has no value here", "Versions: 1\n\nVersion: 2\n", "", false},
		{"a later record's name counts", "Version1: 1\n\nVersion2: 2\n", "", false},
	} {
		d, err := rlib.ParseDescription([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := d.Lookup("Version"); got != test.want || ok != test.ok {
			t.Errorf("%s: %q %v, want %q %v", test.rule, got, ok, test.want, test.ok)
		}
	}
	if _, ok := (rlib.Description{}).Lookup("Version"); ok {
		t.Error("the zero value has a field")
	}
}

// FuzzParseDescription checks that a record has fields, and that they hold what is in the text.
func FuzzParseDescription(f *testing.F) {
	for _, text := range []string{
		"Package: a\nVersion: 1.0\nDepends: R (>= 3.5),\n    b\n", "A: b\r\n .\r\n c\r\n\r\nB: c", "\xef\xbb\xbfPackage: a\n", "A:\x00b\n \n C", ":", " ",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := rlib.ParseDescription(text)
		if err != nil {
			if !errors.Is(err, rlib.ErrMalformed) {
				t.Errorf("error %v", err)
			}
			return
		}
		for _, name := range []string{"Version", "A", "Package"} {
			exact, ok := d.Get(name)
			if found, _ := d.Lookup(name); ok && found != exact {
				t.Errorf("%s is %q and %q", name, exact, found)
			}
			if len(exact) > len(text) {
				t.Errorf("%s has %d bytes of %d", name, len(exact), len(text))
			}
		}
	})
}
