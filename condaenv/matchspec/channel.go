package matchspec

import (
	"errors"
	"strings"
)

// channel is where a package comes from, as conda's Channel reads it from a name, URL or path. Only conda's default
// settings are known: no condarc is asked.
type channel struct {
	scheme   string
	location string // Host and port, or a folder for file: URLs; empty for the unknown channel and for multichannels.
	name     string
	platform string // As spelled; empty for none.
	file     string // Name of a package file at the end of a URL.
	multi    bool   // "defaults" or "local": names for several channels.
}

const (
	unknownChannel = "<unknown>"
	aliasLocation  = "conda.anaconda.org" // Where a channel is that is given by name only.
	mainLocation   = "repo.anaconda.com"  // Where the channels below are.
)

// mainChannels are the channels that conda knows by name, longest first, as URLs are compared with them.
var mainChannels = []string{"pkgs/main", "pkgs/pro", "pkgs/r"}

// parseChannel reads a channel from its text. Errors are those that crash conda: a port that is no number, a name that
// does not decode.
func parseChannel(text string) (channel, error) {
	switch {
	case text == unknownChannel || text == "None" || text == "None:///<unknown>":
		return channel{name: unknownChannel}, nil
	case hasScheme(text):
		if strings.HasPrefix(text, "file:") {
			text = backslashesOut(text)
		}
		return parseChannelURL(text)
	case isPath(text):
		return parseChannelURL(pathToURL(text))
	case packageExtension(text) != "":
		return parseChannelURL(text)
	default:
		return namedChannel(text), nil
	}
}

// namedChannel is the channel a bare name stands for.
func namedChannel(text string) channel {
	name, platform := cutPlatform(text)
	if name == "defaults" || name == "local" {
		return channel{name: name, platform: platform, multi: true}
	}
	location := aliasLocation
	for _, known := range mainChannels {
		if name == known || strings.HasPrefix(name, known+"/") {
			location = mainLocation
		}
	}
	return channel{scheme: "https", location: location, name: name, platform: platform}
}

// canonical is the name conda compares and shows: "defaults" for what that stands for, a URL for what has no name.
func (c channel) canonical() string {
	switch {
	case c.multi:
		return c.name
	case c.name == "pkgs/main" || c.name == "pkgs/r":
		return "defaults"
	case c.location == aliasLocation || c.name != "" && isPkgs(c.name):
		return c.name
	case c.scheme != "":
		return c.scheme + "://" + joinURL(c.location, c.name)
	default:
		return strings.TrimLeft(joinURL(c.location, c.name), "/")
	}
}

// isPkgs reports whether a name and that of a known channel agree as far as the shorter one reaches.
func isPkgs(name string) bool {
	for _, known := range mainChannels {
		if commonParts(name, known) {
			return true
		}
	}
	return false
}

// baseURL is the channel's URL without a platform; empty (Python: None) for the unknown channel and multichannels.
func (c channel) baseURL() string {
	if c.multi || c.canonical() == unknownChannel {
		return ""
	}
	return c.scheme + "://" + joinURL(c.location, c.name)
}

// hasOwnURL reports whether the channel is elsewhere than where bare names lead.
func (c channel) hasOwnURL() bool {
	return c.location != "" && c.location != aliasLocation
}

// parseChannelURL reads a URL, or a path that ends in the name of a package file and is then read like one.
func parseChannelURL(text string) (channel, error) {
	cleaned, platform := cutPlatform(cutToken(text))
	file := ""
	if i := strings.LastIndexByte(cleaned, '/'); i >= 0 && isFileName(cleaned) {
		cleaned, file = cleaned[:i], cleaned[i+1:]
	}
	u, err := splitURL(cleaned)
	if err != nil {
		return channel{}, err
	}
	c, err := locate(u)
	if err != nil {
		return channel{}, err
	}
	if c.scheme == "" {
		c.scheme = "https"
	}
	c.platform = platform
	if c.name, err = percentDecode(c.name); err != nil {
		return channel{}, err
	}
	c.file, err = percentDecode(file)
	return c, err
}

// isFileName reports whether the last part of a URL is a package or an index of packages.
func isFileName(text string) bool {
	return packageExtension(text) != "" || strings.HasSuffix(text, ".json") || strings.HasSuffix(text, ".json.zst")
}

// locate decides which part of host and path is the channel's location and which its name.
func locate(u urlParts) (channel, error) {
	folder := strings.TrimRight(u.path, "/")
	whole := u.host + u.port + folder
	if folder == "" {
		return channel{scheme: u.scheme, location: strings.TrimRight(u.host+u.port, "/")}, nil
	}
	for _, known := range mainChannels {
		prefix := mainLocation + "/" + known
		if commonParts(whole, prefix) {
			sub := strings.Trim(strings.Replace(whole, prefix, "", 1), "/")
			return channel{scheme: u.scheme, location: mainLocation, name: joinURL(known, sub)}, nil
		}
	}
	if commonParts(whole, aliasLocation) {
		name := strings.Trim(strings.Replace(whole, aliasLocation, "", 1), "/")
		return channel{scheme: u.scheme, location: aliasLocation, name: name}, nil
	}
	if u.host == "" {
		if u.hasPort {
			return channel{}, errors.New("channel URL with a port and no host")
		}
		i := strings.LastIndexByte(whole, '/')
		location := whole[:i]
		if location == "" {
			location = "/"
		}
		return channel{scheme: "file", location: location, name: whole[i+1:]}, nil
	}
	location, name := u.host+u.port, strings.Trim(folder, "/")
	if first, rest, _ := strings.Cut(name, "/"); first == "conda" {
		location, name = location+"/conda", strings.Trim(rest, "/")
	}
	return channel{scheme: u.scheme, location: location, name: name}, nil
}

// commonParts reports whether two texts agree part by part between slashes, as far as the shorter one reaches.
func commonParts(x, y string) bool {
	for {
		px, rx, moreX := strings.Cut(x, "/")
		py, ry, moreY := strings.Cut(y, "/")
		if px != py {
			return false
		}
		if !moreX || !moreY {
			return true
		}
		x, y = rx, ry
	}
}

// joinURL joins two parts with one slash between them.
func joinURL(first, second string) string {
	start := ""
	if first == "" || first[0] == '/' {
		start = "/"
	}
	first, second = strings.Trim(first, "/"), strings.Trim(second, "/")
	if first != "" && second != "" {
		first += "/"
	}
	return start + first + second
}
