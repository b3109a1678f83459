package channel

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// urlParts are the parts of a URL that matter for channels, split as Python's urllib splits them.
type urlParts struct {
	scheme string
	host   string // In small letters, without user and password; empty if there is none.
	port   string // A number without leading zeros; empty for none and for 0, which conda does not write.
	path   string // Without parameters, query and fragment.
	query  string

	hasPort bool
}

// hostPort is the host with the port, if any, as conda writes it.
func (u urlParts) hostPort() string {
	if u.port == "" {
		return u.host
	}
	return u.host + ":" + u.port
}

// text is the URL without its scheme, parameters and fragment.
func (u urlParts) text() string {
	text := u.hostPort() + u.path
	if u.query != "" {
		text += "?" + u.query
	}
	return text
}

// hasScheme tells whether conda takes a text for a URL: twelve characters of scheme at most, in small letters.
func hasScheme(text string) bool {
	for i := 0; i < len(text) && i <= 12; i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', i > 0 && '0' <= c && c <= '9':
		default:
			return i > 0 && strings.HasPrefix(text[i:], "://")
		}
	}
	return false
}

// IsURL tells whether conda takes a text for a URL rather than for a name or a path (conda: is_url): it has a scheme like
// https:// in small letters, and Python can split it.
func IsURL(text string) bool {
	if !hasScheme(text) {
		return false
	}
	_, err := splitURL(text)
	return err == nil
}

// splitURL splits a URL, or a text like host/path without a scheme. It fails where Python does: brackets around the
// host that are not closed or hold no IP address, a port that is no number below 65536, and letters in the host that
// would turn into punctuation when normalised.
func splitURL(text string) (urlParts, error) {
	var u urlParts
	scheme := hasScheme(text)
	text = removeBreaks.Replace(text)
	if scheme {
		u.scheme, text, _ = strings.Cut(text, "://")
	}
	end := strings.IndexAny(text, "/?#")
	if end < 0 {
		end = len(text)
	}
	authority, rest := text[:end], text[end:]
	rest, _, _ = strings.Cut(rest, "#")
	rest, u.query, _ = strings.Cut(rest, "?")
	u.path = withoutParams(u.scheme, rest)
	if err := checkLetters(authority); err != nil {
		return urlParts{}, err
	}
	host, port, err := splitHost(authority)
	if err != nil {
		return urlParts{}, err
	}
	u.host = lower(host)
	u.hasPort = port != ""
	u.port, err = portNumber(port)
	return u, err
}

// removeBreaks drops the characters that Python drops from URLs wherever they stand.
var removeBreaks = strings.NewReplacer("\t", "", "\r", "", "\n", "")

// withoutParams drops what follows a semicolon in the last part of a path, for the schemes that have such parameters.
func withoutParams(scheme, path string) string {
	switch scheme {
	case "", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtspu", "sip", "sips", "mms", "sftp", "tel":
		slash := strings.LastIndexByte(path, '/') + 1
		if i := strings.IndexByte(path[slash:], ';'); i >= 0 {
			return path[:slash+i]
		}
	}
	return path
}

var (
	errBrackets = errors.New("not an IP address in brackets")
	futureIP    = regexp.MustCompile(`^v[a-fA-F0-9]+\..+$`)
)

// splitHost splits user@host:port or user@[address]:port. Like Python with its corrections of 2025 it refuses text around
// the brackets, and takes brackets of the user for a sign that the host is an address.
func splitHost(authority string) (host, port string, err error) {
	if strings.Contains(authority, "[") != strings.Contains(authority, "]") {
		return "", "", errBrackets
	}
	bracketsAnywhere := strings.Contains(authority, "[")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	before, inside, brackets := strings.Cut(authority, "[")
	if !brackets {
		host, port, _ = strings.Cut(authority, ":")
		if bracketsAnywhere {
			err = checkAddress(host)
		}
		return host, port, err
	}
	host, after, _ := strings.Cut(inside, "]")
	if before != "" || after != "" && after[0] != ':' {
		return "", "", errBrackets
	}
	return host, strings.TrimPrefix(after, ":"), checkAddress(host)
}

// checkAddress tells whether a host in brackets is an IPv6 address or one of a future kind.
func checkAddress(host string) error {
	if strings.HasPrefix(host, "v") {
		if !futureIP.MatchString(host) {
			return errBrackets
		}
		return nil
	}
	address, err := netip.ParseAddr(host)
	if err != nil || !address.Is6() || strings.Contains(address.Zone(), "%") {
		return errBrackets
	}
	return nil
}

// portNumber checks a port. None, and 0, give an empty text.
func portNumber(port string) (string, error) {
	if port == "" {
		return "", nil
	}
	for _, c := range []byte(port) {
		if c < '0' || c > '9' {
			return "", fmt.Errorf("the port %q is no number", port)
		}
	}
	port = strings.TrimLeft(port, "0")
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n > 65535) {
		return "", fmt.Errorf("the port %q is above 65535", port)
	}
	return port, nil
}

// checkLetters refuses a host with letters that become one of /?#@: when normalised, like the sign for "care of".
func checkLetters(authority string) error {
	if isASCII(authority) {
		return nil
	}
	plain := strings.NewReplacer("@", "", ":", "", "#", "", "?", "").Replace(authority)
	if normal := norm.NFKC.String(plain); normal != plain && strings.ContainsAny(normal, "/?#@:") {
		return fmt.Errorf("the host %q has letters that stand for punctuation", authority)
	}
	return nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lower gives a text in small letters and leaves bytes that are no UTF-8 alone.
func lower(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteByte(text[i])
		case r == 'İ':
			b.WriteString("i\u0307")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		i += size
	}
	return b.String()
}
