package channel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

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

// errPath is a path that has no URL.
var errPath = errors.New("a path with a lone surrogate")

// pathToURL makes the file: URL of a path, which counts from the root folder if it is relative (conda: path_to_url).
// Only a path with letters outside of ASCII is escaped, and then all of it.
func pathToURL(path string) (string, error) {
	path, err := absolute(path)
	if err != nil {
		return "", err
	}
	if isASCII(path) {
		return fileScheme + path, nil
	}
	var b strings.Builder
	b.WriteString(fileScheme)
	for _, c := range []byte(path) {
		if isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("!'()*-._/:", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String(), nil
}

// fileScheme is in front of a path in a URL.
const fileScheme = "file://"

// absolute makes a path absolute, with slashes only.
func absolute(path string) (string, error) {
	path = strings.ReplaceAll(clean(expandHome(path)), `\`, "/")
	if !utf8.ValidString(path) {
		return "", fmt.Errorf("%q: %w", path, errPath)
	}
	if len(path) > 1 && path[1] == ':' { // conda takes it for a Windows path, though a slash is in front.
		path = "/" + path
	}
	return path, nil
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

// clean makes a path absolute and removes empty parts, "." and "..". Exactly two slashes in front stay two.
func clean(path string) string {
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
