package matchspec

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// knownPlatforms are the platforms that conda cuts out of channels.
var knownPlatforms = []string{
	"noarch", "emscripten-wasm32", "wasi-wasm32", "freebsd-64",
	"linux-32", "linux-64", "linux-aarch64", "linux-armv6l", "linux-armv7l",
	"linux-ppc64", "linux-ppc64le", "linux-riscv64", "linux-s390x",
	"osx-64", "osx-arm64", "win-32", "win-64", "win-arm64", "zos-z",
}

// hasScheme reports whether text begins with a lower-case letter, up to eleven more of those or digits, and "://".
func hasScheme(text string) bool {
	end := strings.Index(text, "://")
	if end < 1 || end > 12 || isDigit(text[0]) {
		return false
	}
	for i := range end {
		if c := text[i]; !isDigit(c) && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// isURL reports whether text is a URL that Python can take apart.
func isURL(text string) bool {
	if !hasScheme(text) {
		return false
	}
	_, err := splitURL(text)
	return err == nil
}

// isPath reports whether conda takes text for the path of a channel.
func isPath(text string) bool {
	if strings.Contains(text, "://") {
		return false
	}
	for _, start := range []string{"./", "..", "~", "/", `\\`} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return len(text) > 2 && text[1] == ':' && (text[2] == '/' || text[2] == '\\') &&
		'a' <= text[0]|0x20 && text[0]|0x20 <= 'z'
}

// pathToURL makes a file: URL. Relative paths are taken from the root: unlike conda, this package asks neither for the
// working directory nor for the home directory.
func pathToURL(text string) string {
	folder := strings.ReplaceAll(path.Clean("/"+text), `\`, "/")
	isDrive := len(folder) > 1 && folder[1] == ':'
	isDouble := strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "///") // POSIX keeps exactly two slashes.
	if isDrive || isDouble {
		folder = "/" + folder
	}
	if strings.IndexFunc(folder, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return "file://" + folder
	}
	var b strings.Builder
	b.WriteString("file://")
	for i := range len(folder) {
		c := folder[i]
		if isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte(`!'()*-._/\:`, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// backslashesOut turns backslashes that do not stand before a blank into slashes.
func backslashesOut(text string) string {
	if strings.IndexByte(text, '\\') < 0 && !strings.Contains(text, ":////") {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		if c == '\\' && (i+1 == len(b) || b[i+1] != ' ') {
			b[i] = '/'
		}
	}
	return strings.ReplaceAll(string(b), ":////", "://")
}

// packageExtension returns the ending of a conda package's file name, as spelled; empty if text has none.
func packageExtension(text string) string {
	for _, extension := range []string{".conda", ".tar.bz2"} {
		start := len(text) - len(extension)
		if start >= 0 && strings.EqualFold(text[start:], extension) {
			return text[start:]
		}
	}
	return ""
}

// cutToken removes the first "/t/" with the token after it, and slashes at the end.
func cutToken(text string) string {
	if start := strings.Index(text, "/t/"); start >= 0 {
		end := start + len("/t/")
		for end < len(text) && (text[end] == '-' || isDigit(text[end]) || 'a' <= text[end]|0x20 && text[end]|0x20 <= 'z') {
			end++
		}
		text = text[:start] + text[end:]
	}
	return strings.TrimRight(text, "/")
}

// cutPlatform finds the first part between slashes that is a platform in any case, removes the first text like it, which
// need not be the same place, and slashes at the end.
func cutPlatform(text string) (cleaned, platform string) {
	for rest := text; ; {
		start := strings.IndexByte(rest, '/')
		if start < 0 {
			return strings.TrimRight(text, "/"), ""
		}
		rest = rest[start+1:]
		part, _, _ := strings.Cut(rest, "/")
		for _, known := range knownPlatforms {
			if strings.EqualFold(part, known) {
				return strings.TrimRight(strings.Replace(text, "/"+part, "", 1), "/"), part
			}
		}
	}
}

// urlParts is what is asked of a URL; parts that are absent are empty.
type urlParts struct {
	scheme, host, path string

	port    string // With its colon in front; empty for port 0 too.
	hasPort bool
}

// splitURL takes a URL apart as Python's urlparse does; a text without a scheme begins with the host. User, password,
// query, fragment and parameters are dropped.
func splitURL(text string) (urlParts, error) {
	text = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(text)
	u := urlParts{}
	if hasScheme(text) {
		u.scheme, text, _ = strings.Cut(text, "://")
	}
	host := text
	if end := strings.IndexAny(text, "/?#"); end >= 0 {
		host, u.path = text[:end], text[end:]
	}
	u.path, _, _ = strings.Cut(u.path, "#")
	u.path, _, _ = strings.Cut(u.path, "?")
	switch u.scheme {
	case "", "http", "https", "ftp", "sftp":
		file := strings.LastIndexByte(u.path, '/') + 1
		if i := strings.IndexByte(u.path[file:], ';'); i >= 0 {
			u.path = u.path[:file+i]
		}
	}
	return u, u.setHost(host[strings.LastIndexByte(host, '@')+1:])
}

var errURL = errors.New("channel URL that Python cannot take apart")

// setHost splits host and port. An IPv6 address stands in brackets.
func (u *urlParts) setHost(text string) error {
	host, port, _ := strings.Cut(text, ":")
	if strings.ContainsAny(text, "[]") {
		inside, after, closed := strings.Cut(strings.TrimPrefix(text, "["), "]")
		if address, err := netip.ParseAddr(inside); !closed || err != nil || !address.Is6() {
			return errURL
		}
		host = inside
		_, port, _ = strings.Cut(after, ":")
	}
	u.host = lower(host)
	if port == "" {
		return nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || !allDigits(port) {
		return errURL
	}
	if u.hasPort = true; number > 0 {
		u.port = ":" + strconv.FormatUint(number, 10)
	}
	return nil
}

// percentDecode decodes the escapes of a channel's name; what is no escape stays. The result must be UTF-8.
func percentDecode(text string) (string, error) {
	decoded := unescape(text)
	if decoded == text {
		return text, nil
	}
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 || !utf8.ValidString(decoded) {
		return "", errURL
	}
	return decoded, nil
}

// unescape replaces %XX by the byte it stands for.
func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if value, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(value))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
