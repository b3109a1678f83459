package matchspec

import (
	"errors"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// readPackage reads a spec that is the URL or the path of a package file. If there is a platform in it, channel, name,
// version and build are asked for as well, else only URL and file name.
func (v *specValues) readPackage(text string) *ParseError {
	url := text
	if !hasScheme(url) {
		url = "file://" + fullPath(url)
	}
	c, err := v.settings.Channel(url)
	if err != nil {
		return fault(kindSpec, text, text, err.Error())
	}
	platform, inChannel := c.Platform()
	file, err := packageFile(url, inChannel)
	if err != nil {
		return fault(kindSpec, text, text, err.Error())
	}
	if !inChannel {
		v.set(fieldName, "*")
		v.set(fieldFileName, file)
		v.set(fieldURL, url)
		return nil
	}
	name, version, build, parts := splitLast2(strings.TrimSuffix(file, packageExtension(file)), '-')
	if parts < 3 {
		return fault(kindSpec, text, file, "file name of a package is not name-version-build")
	}
	v.set(fieldChannel, c.CanonicalName())
	v.set(fieldSubdir, platform)
	v.set(fieldName, name)
	v.set(fieldVersion, version)
	v.set(fieldBuild, build)
	v.set(fieldFileName, file)
	v.set(fieldURL, url)
	return nil
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

// fullPath makes a path absolute, from the root: unlike conda, this package asks neither for the working directory nor
// for the home directory. conda decodes escapes in it on the way if all of it is ASCII.
func fullPath(text string) string {
	full := strings.ReplaceAll(path.Clean("/"+text), `\`, "/")
	isDrive := len(full) > 1 && full[1] == ':'
	isDouble := strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "///") // POSIX keeps exactly two slashes.
	if isDrive || isDouble {
		full = "/" + full
	}
	if isASCII(full) {
		full = strings.ToValidUTF8(unescape(full), "\uFFFD")
	}
	return full
}

var errEscape = errors.New("escapes in the URL of a package that are not UTF-8")

// packageFile is what stands behind the last slash of a URL. Escapes in it are decoded if the URL is that of a package
// in a channel, or of a file on disk, whose path is then decoded as a whole.
func packageFile(url string, inChannel bool) (string, error) {
	onDisk := !inChannel && strings.HasPrefix(url, "file://")
	if onDisk {
		url, _, _ = strings.Cut(url, "?")
	}
	slash := strings.LastIndexByte(url, '/')
	switch {
	case inChannel:
		return decode(url[slash+1:])
	case !onDisk:
		return url[slash+1:], nil
	}
	decoded, err := decode(strings.TrimPrefix(url, "file://"))
	return decoded[strings.LastIndexByte(decoded, '/')+1:], err
}

// decode decodes the escapes of a text, as conda does it: text with escapes must be ASCII, and give UTF-8.
func decode(text string) (string, error) {
	decoded := unescape(text)
	if decoded != text && (!isASCII(text) || !utf8.ValidString(decoded)) {
		return "", errEscape
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

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
