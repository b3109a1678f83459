package channel

import (
	"errors"
	"fmt"
	"strings"
)

// parse finds out the channel of a text, all but its canonical name, and the package file that a URL names.
func (s *Settings) parse(text string) (c Channel, file string, err error) {
	switch {
	case text == Unknown || text == "None" || text == "None:///"+Unknown:
		return Channel{name: Unknown}, "", nil
	case !hasScheme(text) && isPath(text):
		url, err := pathToURL(text)
		if err != nil {
			return Channel{}, "", err
		}
		return s.parseURL(url)
	case hasScheme(text) || PackageExtension(text) != "":
		if strings.HasPrefix(text, "file:") {
			text = slashes(text)
		}
		return s.parseURL(text)
	}
	c, err = s.parseName(text)
	return c, "", err
}

// slashes turns the backslashes of a file: URL into slashes, except before blanks, and drops the two slashes of a
// Windows network path that would follow those of the scheme.
func slashes(url string) string {
	b := []byte(url)
	for i, c := range b {
		if c == '\\' && (i+1 == len(b) || b[i+1] != ' ') {
			b[i] = '/'
		}
	}
	return strings.ReplaceAll(string(b), ":////", "://")
}

// parseName reads a channel that is given by its name, with or without a platform.
func (s *Settings) parseName(text string) (Channel, error) {
	name, platform, err := s.platforms.split(text)
	if err != nil {
		return Channel{}, err
	}
	groups, err := s.groups.get()
	if err != nil {
		return Channel{}, err
	}
	if groups.has(name) {
		return Channel{name: name, group: true, platform: platform}, nil
	}
	c, err := s.named(name)
	c.platform = platform
	return c, err
}

// named gives the channel of a name: it is where the setting for the name, or for the longest part of it up to a slash,
// says, else where all bare names lead.
func (s *Settings) named(name string) (Channel, error) {
	customs, err := s.customs.get()
	if err != nil {
		return Channel{}, err
	}
	for part, more := name, true; more; {
		if custom, known := customs.byName[part]; known {
			return Channel{site: custom.site, name: name}, nil
		}
		slash := strings.LastIndexByte(part, '/')
		more = slash >= 0
		part = part[:max(slash, 0)]
	}
	alias, err := s.alias.get()
	return Channel{site: alias, name: name}, err
}

// parseURL reads a channel that is given by a URL, with or without token, platform and package file.
func (s *Settings) parseURL(url string) (c Channel, file string, err error) {
	url, platform, err := s.platforms.split(withoutToken(url))
	if err != nil {
		return Channel{}, "", err
	}
	slash := strings.LastIndexByte(url, '/')
	if slash >= 0 && hasKnownExtension(url) {
		url, file = url[:slash], url[slash+1:]
	}
	u, err := splitURL(url)
	if err != nil {
		return Channel{}, "", fmt.Errorf("the channel URL %q: %w", url, err)
	}
	if c, err = s.locate(u); err != nil {
		return Channel{}, "", err
	}
	c.platform = platform
	if c.scheme == "" {
		c.scheme = "https"
	}
	if c.name, err = percentDecode(c.name); err != nil {
		return Channel{}, "", err
	}
	file, err = percentDecode(file)
	return c, file, err
}

// locate decides which part of a URL is the location and which is the name.
func (s *Settings) locate(u urlParts) (Channel, error) {
	u.path, u.query = strings.TrimRight(u.path, "/"), ""
	if u.path == "" {
		return Channel{site: site{u.scheme, strings.TrimRight(u.hostPort(), "/"), true}}, nil
	}
	for _, find := range [...]func(urlParts) (Channel, bool, error){s.inMigratedCustom, s.inMigratedAlias, s.inCustom, s.inAlias} {
		if c, found, err := find(u); found || err != nil {
			return c, err
		}
	}
	if u.host == "" {
		return fileChannel(u)
	}
	name, location := u.path, u.hostPort()
	if first, rest, _ := strings.Cut(strings.Trim(u.path, "/"), "/"); first == "conda" {
		name, location = rest, location+"/conda"
	}
	return Channel{site: site{u.scheme, strings.TrimRight(location, "/"), true}, name: strings.Trim(name, "/")}, nil
}

// fileChannel is a channel in a folder, which is called like the folder.
func fileChannel(u urlParts) (Channel, error) {
	if u.hasPort {
		return Channel{}, errors.New("a channel URL with a port and no host")
	}
	slash := strings.LastIndexByte(u.path, '/')
	location := u.path[:slash]
	if location == "" {
		location = "/"
	}
	return Channel{site: site{"file", location, true}, name: u.path[slash+1:]}, nil
}

// inMigratedCustom finds a URL below one that the setting migrated_custom_channels declares to be moved.
func (s *Settings) inMigratedCustom(u urlParts) (Channel, bool, error) {
	migrated, err := s.migratedCustoms.get()
	if err != nil {
		return Channel{}, false, err
	}
	for _, m := range migrated {
		old := joinURL(m.location, m.name)
		below, err := isBelow(u.text(), old)
		if err != nil {
			return Channel{}, false, err
		}
		if !below {
			continue
		}
		name := joinURL(m.name, strings.Trim(without(u.text(), old), "/"))
		bare, _, err := s.platforms.split(name)
		if err != nil {
			return Channel{}, false, err
		}
		c, err := s.named(bare)
		c.name = name
		return c, true, err
	}
	return Channel{}, false, nil
}

// isBelow tells whether two URLs without a scheme have the same host and port, and paths that agree as far as the
// shorter one reaches.
func isBelow(text, base string) (bool, error) {
	u, err := splitURL(text)
	if err != nil {
		return false, err
	}
	b, err := splitURL(base)
	if err != nil {
		return false, err
	}
	return u.host == b.host && u.port == b.port && agree(strings.Trim(u.path, "/"), strings.Trim(b.path, "/")), nil
}

// inMigratedAlias finds a URL below one that the setting migrated_channel_aliases lists.
func (s *Settings) inMigratedAlias(u urlParts) (Channel, bool, error) {
	migrated, err := s.migratedAliases.get()
	if err != nil {
		return Channel{}, false, err
	}
	for _, m := range migrated {
		if !m.located {
			return Channel{}, false, errEmptyAlias
		}
		if strings.HasPrefix(u.text(), m.location) {
			alias, err := s.alias.get()
			name := strings.Trim(u.text()[len(m.location):], "/")
			return Channel{site: alias, name: name}, true, err
		}
	}
	return Channel{}, false, nil
}

// inCustom finds a URL below that of a channel which conda knows by name, longer names first.
func (s *Settings) inCustom(u urlParts) (Channel, bool, error) {
	customs, err := s.customs.get()
	if err != nil {
		return Channel{}, false, err
	}
	for _, custom := range customs.longestFirst {
		base := joinURL(custom.location, custom.name)
		if agree(u.text(), base) {
			name := joinURL(custom.name, strings.Trim(without(u.text(), base), "/"))
			return Channel{site: site{u.scheme, custom.location, custom.located}, name: name}, true, nil
		}
	}
	return Channel{}, false, nil
}

// inAlias finds a URL below that which bare names lead to.
func (s *Settings) inAlias(u urlParts) (Channel, bool, error) {
	alias, err := s.alias.get()
	if err != nil || alias.location == "" || !agree(u.text(), alias.location) {
		return Channel{}, false, err
	}
	name := strings.Trim(without(u.text(), alias.location), "/")
	return Channel{site: site{u.scheme, alias.location, true}, name: name}, true, nil
}

// withoutToken removes the first access token, /t/TOKEN, and slashes from the end.
func withoutToken(url string) string {
	if start := strings.Index(url, "/t/"); start >= 0 {
		end := start + len("/t/")
		for end < len(url) && (isLetter(url[end]) || '0' <= url[end] && url[end] <= '9' || url[end] == '-') {
			end++
		}
		url = url[:start] + url[end:]
	}
	return strings.TrimRight(url, "/")
}

// hasKnownExtension tells whether a text ends like a package file or a channel's index.
func hasKnownExtension(text string) bool {
	return PackageExtension(text) != "" || strings.HasSuffix(text, ".json") || strings.HasSuffix(text, ".json.zst")
}
