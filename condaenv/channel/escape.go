package channel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Faults of texts with percent escapes, all of which end conda's listing.
var (
	errMixed   = errors.New("percent escapes beside letters outside of ASCII")
	errDecoded = errors.New("percent escapes that are not UTF-8")
	errPath    = errors.New("a path with a lone surrogate")
)

// percentDecode decodes the percent escapes of a text; a percent sign without two hexadecimal digits stays.
func percentDecode(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	decoded := make([]byte, 0, len(text))
	escapes := 0
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			decoded = append(decoded, unhex(text[i+1])<<4|unhex(text[i+2]))
			escapes++
			i += 2
			continue
		}
		decoded = append(decoded, text[i])
	}
	switch {
	case escapes == 0:
		return text, nil
	case !isASCII(text):
		return "", fmt.Errorf("%q: %w", text, errMixed)
	}
	whole, ok := wholeRunes(decoded)
	if !ok {
		return "", fmt.Errorf("%q: %w", text, errDecoded)
	}
	return string(whole), nil
}

// wholeRunes drops a character that is cut off at the end, which conda passes over in silence, and tells whether the
// rest is UTF-8.
func wholeRunes(text []byte) ([]byte, bool) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return text[:i], !utf8.FullRune(text[i:])
		}
		i += size
	}
	return text, true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex gives the value of a hexadecimal digit.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// isPath tells whether conda takes a text without a scheme for a path.
func isPath(text string) bool {
	if strings.Contains(text, "://") {
		return false
	}
	for _, front := range []string{"./", "..", "~", "/", `\\`} {
		if strings.HasPrefix(text, front) {
			return true
		}
	}
	return len(text) > 2 && isLetter(text[0]) && text[1] == ':' && (text[2] == '/' || text[2] == '\\')
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// pathToURL makes the file: URL of a path, which counts from the root folder if it is relative. Only a path with
// letters outside of ASCII is escaped, and then all of it.
func pathToURL(path string) (string, error) {
	path = absolute(expandHome(path))
	path = strings.ReplaceAll(path, `\`, "/")
	if isASCII(path) {
		return "file://" + path, nil
	}
	if !utf8.ValidString(path) {
		return "", fmt.Errorf("%q: %w", path, errPath)
	}
	var b strings.Builder
	b.WriteString("file://")
	for _, c := range []byte(path) {
		if isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("!'()*-._/:", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// expandHome replaces ~ and ~/ at the front by the root folder, which stands for the home folder. ~name stays: no user
// is known.
func expandHome(path string) string {
	if path == "~" {
		return "/"
	}
	if strings.HasPrefix(path, "~/") {
		return path[1:]
	}
	return path
}

// absolute makes a path absolute and removes empty parts, "." and "..". Exactly two slashes in front stay two.
func absolute(path string) string {
	front := "/"
	if strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
		front = "//"
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "", ".":
		case "..":
			parts = parts[:max(0, len(parts)-1)]
		default:
			parts = append(parts, part)
		}
	}
	return front + strings.Join(parts, "/")
}
