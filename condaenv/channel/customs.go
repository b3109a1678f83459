package channel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kernelindexer/condaenv/channel/internal/condarc"
)

// Where channels are that no setting speaks of.
const (
	defaultAlias = "https://conda.anaconda.org"
	defaultHost  = "https://repo.anaconda.com"
)

// defaultChannels are the members of the group "defaults"; for Windows there is one more.
var (
	defaultChannels = []string{defaultHost + "/pkgs/main", defaultHost + "/pkgs/r"}
	windowsChannel  = defaultHost + "/pkgs/msys2"
)

// readSite splits the URL of a place.
func readSite(url string) (site, error) {
	if url == "" {
		return site{}, nil
	}
	u, err := splitURL(withoutToken(url))
	if err != nil {
		return site{}, fmt.Errorf("%q: %w", url, err)
	}
	return site{scheme: u.scheme, location: u.text(), located: true}, nil
}

// readAlias reads where bare names lead (setting channel_alias).
func readAlias(config *condarc.Config) (site, error) {
	url, set, err := config.Scalar(aliasParam)
	if err != nil {
		return site{}, err
	}
	if !set {
		url.Text = defaultAlias
	}
	if url.Text != "" && !hasScheme(url.Text) {
		return site{}, config.Fault(aliasParam, fmt.Sprintf("%q has no scheme like https://", url.Text))
	}
	l, err := readSite(url.Text)
	return l, faultIf(config, aliasParam, err)
}

// readMigratedAliases reads where bare names led before a move (setting migrated_channel_aliases).
func readMigratedAliases(config *condarc.Config) ([]site, error) {
	urls, _, err := config.List(migratedAliasesParam)
	if err != nil {
		return nil, err
	}
	locations := make([]site, 0, len(urls))
	for _, url := range urls {
		l, err := readSite(url)
		if err != nil {
			return nil, faultIf(config, migratedAliasesParam, err)
		}
		locations = append(locations, l)
	}
	return locations, nil
}

// custom is a channel at a place of its own.
type custom struct {
	site
	name string
}

// newCustom makes the channel of a member of a group, or of an entry of custom_channels, which has a name.
func newCustom(url, name string, alias site) (custom, error) {
	l, err := readSite(url)
	switch {
	case err != nil:
		return custom{}, err
	case l.scheme == "":
		bare := strings.Trim(name, "/")
		if bare == "" {
			bare = strings.Trim(url, "/")
		}
		return custom{alias, bare}, nil
	case name != "":
		return custom{l, strings.Trim(name, "/")}, nil
	case alias.location != "" && strings.HasPrefix(l.location, alias.location):
		rest := l.location[len(alias.location):]
		l.location = alias.location
		return custom{l, strings.Trim(rest, "/")}, nil
	}
	u, err := splitURL(l.location)
	l.location = u.hostPort()
	return custom{l, strings.Trim(u.path, "/")}, err
}

// customs are the channels conda knows by name.
type customs struct {
	byName       map[string]custom
	inOrder      []custom
	longestFirst []custom // By the length of the name, in characters.
}

// readCustoms collects the members of all groups and the setting custom_channels; of two of one name the later counts,
// in the place of the earlier.
func readCustoms(config *condarc.Config, s *Settings) (customs, error) {
	groups, err := s.groups.get()
	if err != nil {
		return customs{}, err
	}
	pairs, set, err := config.Map(customsParam)
	if err != nil {
		return customs{}, err
	}
	if !set {
		pairs = []condarc.Pair{{Key: condarc.Scalar{Kind: condarc.Text, Text: "pkgs/pro"}, Value: defaultHost}}
	}
	var all []custom
	for _, g := range groups.list {
		all = append(all, g.members...)
	}
	for _, pair := range pairs {
		name, err := customName(config, pair.Key)
		if err != nil {
			return customs{}, err
		}
		alias, err := s.alias.get()
		if err != nil {
			return customs{}, err
		}
		c, err := newCustom(pair.Value, name, alias)
		if err != nil {
			return customs{}, faultIf(config, customsParam, err)
		}
		all = append(all, c)
	}
	return newCustoms(all), nil
}

// customName gives the name of an entry of custom_channels. conda takes a false value for no name.
func customName(config *condarc.Config, key condarc.Scalar) (string, error) {
	if key.Kind == condarc.Text {
		return key.Text, nil
	}
	if key.Kind == condarc.Null || key.Text == "False" || key.Text == "0" || key.Text == "0.0" || key.Text == "-0.0" {
		return "", nil
	}
	return "", config.Fault(customsParam, fmt.Sprintf("the name %q is not text", key.Text))
}

func newCustoms(all []custom) customs {
	c := customs{byName: make(map[string]custom, len(all))}
	for _, one := range all {
		if _, known := c.byName[one.name]; known {
			i := slices.IndexFunc(c.inOrder, func(o custom) bool { return o.name == one.name })
			c.inOrder[i] = one
		} else {
			c.inOrder = append(c.inOrder, one)
		}
		c.byName[one.name] = one
	}
	c.longestFirst = longestFirst(c.inOrder)
	return c
}

// longestFirst sorts channels by the length of their names, longest first, and leaves those of one length in order.
func longestFirst(list []custom) []custom {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b custom) int { return cmp.Compare(characters(b.name), characters(a.name)) })
	return sorted
}

// characters counts the characters of a text, taking a lone surrogate for one.
func characters(text string) int {
	n := 0
	for i := range len(text) {
		if text[i]&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// knowPart tells whether a channel is known by name whose name agrees with the given one as far as the shorter reaches.
func (c customs) knowPart(name string) bool {
	return slices.ContainsFunc(c.inOrder, func(one custom) bool { return agree(name, one.name) })
}

// readMigratedCustoms reads from where channels were moved (setting migrated_custom_channels), longest names first.
func readMigratedCustoms(config *condarc.Config) ([]custom, error) {
	pairs, _, err := config.Map(migratedCustomsParam)
	if err != nil {
		return nil, err
	}
	var list []custom
	for _, pair := range pairs {
		if pair.Key.Kind != condarc.Text {
			return nil, config.Fault(migratedCustomsParam, fmt.Sprintf("the name %q is not text", pair.Key.Text))
		}
		l, err := readSite(pair.Value)
		if err != nil {
			return nil, faultIf(config, migratedCustomsParam, err)
		}
		list = append(list, custom{l, pair.Key.Text})
	}
	return longestFirst(list), nil
}
