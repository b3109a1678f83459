package channel

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kernelindexer/condaenv/channel/internal/condarc"
)

// platforms are the subdirs that conda knows.
var platforms = map[string]bool{
	"noarch": true, "emscripten-wasm32": true, "wasi-wasm32": true, "freebsd-64": true,
	"linux-32": true, "linux-64": true, "linux-aarch64": true, "linux-armv6l": true, "linux-armv7l": true,
	"linux-ppc64": true, "linux-ppc64le": true, "linux-riscv64": true, "linux-s390x": true,
	"osx-64": true, "osx-arm64": true, "win-32": true, "win-64": true, "win-arm64": true, "zos-z": true,
}

// maxPlatform is more than the length of any text that can be a common platform, in bytes.
const maxPlatform = 48

// platformFinder finds the first known platform in a text. Settings may add to the known ones.
type platformFinder struct {
	added   map[string]bool // Ordinary names that settings add, folded.
	pattern *regexp.Regexp  // All platforms, if settings add a regular expression.
	err     error
}

// newPlatformFinder reads the settings subdirs and, if that is not set, subdir. conda puts their values unquoted into a
// regular expression.
func newPlatformFinder(config *condarc.Config) platformFinder {
	added, set, err := config.List(subdirsParam)
	if err != nil {
		return platformFinder{err: err}
	}
	if !set || len(added) == 0 {
		subdir, set, err := config.Scalar(subdirParam)
		if err != nil || !set || subdir.Text == "" {
			return platformFinder{err: err}
		}
		added = []string{subdir.Text}
	}
	f := platformFinder{added: make(map[string]bool)}
	for _, name := range added {
		if regexp.QuoteMeta(name) != name || strings.Contains(name, "/") {
			f.pattern, f.err = platformPattern(added)
			return f
		}
		f.added[string(fold(nil, name))] = true
	}
	return f
}

// platformPattern makes a regular expression that finds the common platforms and those in the list.
func platformPattern(added []string) (*regexp.Regexp, error) {
	alternatives := slices.Collect(maps.Keys(platforms))
	alternatives = append(alternatives, added...)
	return regexp.Compile(`(?i)/(` + strings.Join(alternatives, "|") + `)(?:/|\n?\z)`)
}

// isCommon tells whether the finder knows nothing but the common platforms.
func (f *platformFinder) isCommon() bool { return f.added == nil && f.err == nil }

// split removes the first known platform from a text, and slashes from the end of what is left. A platform follows a
// slash, is followed by one or by the end, and may be written in capitals.
func (f *platformFinder) split(text string) (rest, platform string, err error) {
	if f.err != nil {
		return "", "", f.err
	}
	if f.pattern == nil {
		platform = f.find(text)
	} else if m := f.pattern.FindStringSubmatch(text); m != nil {
		platform = m[1]
	}
	if platform != "" {
		// Not necessarily where it was found: conda removes the text where it first occurs.
		text = without(text, "/"+platform)
	}
	return strings.TrimRight(text, "/"), platform, nil
}

// find finds the first known platform in a text, spelled as it is there.
func (f *platformFinder) find(text string) string {
	for rest := text; ; {
		var found bool
		if _, rest, found = strings.Cut(rest, "/"); !found {
			return ""
		}
		part, _, more := strings.Cut(rest, "/")
		if f.knows(part) {
			return part
		}
		if !more { // conda's "end" includes the place before a last line feed.
			if part, found = strings.CutSuffix(part, "\n"); found && f.knows(part) {
				return part
			}
		}
	}
}

// knows tells whether a text is the name of a platform, ignoring case.
func (f *platformFinder) knows(text string) bool {
	if f.added != nil && f.added[string(fold(nil, text))] {
		return true
	}
	if len(text) < len("zos-z") || len(text) > maxPlatform {
		return false
	}
	var buffer [maxPlatform]byte
	return platforms[string(fold(buffer[:0], text))]
}

// fold appends a text without differences of case.
func fold(folded []byte, text string) []byte {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if letter, ok := foldLetter(r); ok {
			folded = append(folded, letter)
		} else {
			folded = append(folded, strings.ToLower(text[i:i+size])...)
		}
		i += size
	}
	return folded
}

// foldLetter gives the small ASCII letter that Python's regular expressions take for the same letter.
func foldLetter(r rune) (byte, bool) {
	switch {
	case 'A' <= r && r <= 'Z':
		return byte(r - 'A' + 'a'), true
	case r < utf8.RuneSelf:
		return byte(r), true
	case r == 'ſ':
		return 's', true
	case r == 'ı' || r == 'İ':
		return 'i', true
	case r == '\u212a': // The sign for kelvin.
		return 'k', true
	}
	return 0, false
}
