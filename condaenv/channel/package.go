package channel

import "strings"

// PackageFile is a package file that is given by its URL or path.
type PackageFile struct {
	URL  string // The file: URL of a path is not escaped.
	Name string

	// Channel is nil if the URL names no platform: conda then takes the file for one that is in no channel.
	Channel *Channel
}

// PackageFile reads the URL or the path of a package file, as a MatchSpec may consist of (conda: MatchSpec, "treat as a
// normal url"). Paths count from the root folder if they are relative; see the package comment. It fails on what conda
// cannot read as a URL, and on settings that cannot be used (*SettingsError).
func (s *Settings) PackageFile(text string) (PackageFile, error) {
	url, err := packageURL(text)
	if err != nil {
		return PackageFile{}, err
	}
	c, name, err := s.parse(url)
	if err != nil {
		return PackageFile{}, err
	}
	if c.platform == "" {
		name, err = lastPart(url)
		return PackageFile{URL: url, Name: name}, err
	}
	c.canonical, err = s.canonicalName(c)
	return PackageFile{URL: url, Name: name, Channel: &c}, err
}

// FileName gives the name of the package file, or of the channel's index, that a URL names (conda:
// Channel.package_filename, which is the file name of a record without one). It is empty if the URL names none.
func (s *Settings) FileName(url string) (string, error) {
	_, file, err := s.parse(url)
	return file, err
}

// PackageExtension gives the ending of a text that ends like a package file, .conda or .tar.bz2 in any letter case, as
// it is spelled there. It is empty if the text ends otherwise.
func PackageExtension(text string) string {
	for _, extension := range [...]string{".conda", ".tar.bz2"} {
		start := len(text) - len(extension)
		if start >= 0 && strings.EqualFold(text[start:], extension) {
			return text[start:]
		}
	}
	return ""
}

// packageURL gives the URL of a package file. Escapes in a path in ASCII are decoded, those in another path would be
// text.
func packageURL(text string) (string, error) {
	if IsURL(text) {
		return text, nil
	}
	path, err := absolute(text)
	if err != nil {
		return "", err
	}
	if isASCII(path) {
		path = unquote(path)
	}
	return fileScheme + path, nil
}

// lastPart gives the name of a file by its URL, which may be in no channel. Only those of file: URLs are decoded (conda:
// url_to_path).
func lastPart(url string) (string, error) {
	if rest, isFile := strings.CutPrefix(url, fileScheme); isFile {
		path, err := localPath(removeBreaks.Replace(rest))
		if err != nil {
			return "", err
		}
		url = path
	}
	return url[strings.LastIndexByte(url, '/')+1:], nil
}

// localPath gives the path of a file: URL without its scheme. A host that is not this machine stays in front.
func localPath(rest string) (string, error) {
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	host := rest[:slash]
	path, err := percentDecode(rest[slash:])
	switch host {
	case "", "localhost", "127.0.0.1", "::1":
		if len(path) > 2 && isLetter(path[1]) && path[2] == '|' { // An old way to write a drive's colon.
			path = path[1:2] + ":" + path[3:]
		}
		return path, err
	}
	return host + path, err
}
