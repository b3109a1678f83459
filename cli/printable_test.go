package cli_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"kernelindexer/cli"
)

func TestPrintableShowsWhatATerminalWouldObey(t *testing.T) {
	tests := map[string]string{
		"":                      "",
		"numpy 2.3-1_é漢😀":       "numpy 2.3-1_é漢😀",
		"\x1b[31mred":           `\x1b[31mred`,
		"a\rb\nc\td\x00\x7f":    `a\x0db\x0ac\x09d\x00\x7f`,
		"\u009b2J":              `\u009b2J`,
		"\u202egnp.exe":         `\u202egnp.exe`,
		"line\u2028end\u200b":   `line\u2028end\u200b`,
		"tag\U000e0041":         `tag\U000e0041`,
		"\xff\xed\xa0\x80":      `\xff\xed\xa0\x80`,
		"\uFFFD is a character": "\uFFFD is a character",
	}
	for text, want := range tests {
		if got := cli.Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := cli.PrintableLines("a\tb\x1b\n\rc\n"); got != "a\tb\\x1b\n\\x0dc\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b]0;x\x07\u009b\u202e\xff\U000e0041\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range cli.Printable(text) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q in the text for %q", r, text)
			}
		}
		data, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		shown := cli.PrintableJSON(data)
		for _, r := range string(shown) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q in the JSON for %q", r, text)
			}
		}
		var want, got string
		if err := errors.Join(json.Unmarshal(data, &want), json.Unmarshal(shown, &got)); err != nil || got != want {
			t.Errorf("%q became %q: %v", want, got, err)
		}
	})
}

func TestColorMode(t *testing.T) {
	tests := []struct {
		mode cli.ColorMode
		env  string
		want bool
	}{
		{cli.ColorAuto, "", false}, // no terminal
		{cli.ColorAuto, "FORCE_COLOR", true},
		{cli.ColorAuto, "CLICOLOR_FORCE", true},
		{cli.ColorAuto, "FORCE_COLOR NO_COLOR", false},
		{cli.ColorAlways, "NO_COLOR", true},
		{cli.ColorNever, "FORCE_COLOR", false},
	}
	for _, test := range tests {
		lookup := func(name string) (string, bool) {
			for set := range strings.FieldsSeq(test.env) {
				if set == name {
					return "1", true
				}
			}
			return "", false
		}
		if got := test.mode.Use(&strings.Builder{}, lookup); got != test.want {
			t.Errorf("%s with %s: %v", test.mode, test.env, got)
		}
	}
}
