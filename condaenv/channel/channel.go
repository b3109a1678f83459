// Package channel tells which channel a conda package is from: it turns what a record in conda-meta says (a channel's
// name, URL or path, or the URL of the package) into the channel's name as `conda list --json` prints it.
//
// The rules are those of conda 26.7. They depend on settings, which conda takes from many places. Here they come from the
// configuration files inside of the listed prefix only (see Load). The package refuses to know everything else that
// conda would look at, so that one prefix has one answer, wherever and by whom it is asked for:
//
//   - configuration of the machine or of the user, and environment variables (CONDA_*, and $NAME inside of settings);
//   - the working directory and home folders: relative paths and paths beginning with ~ are read as if conda ran in
//     the root folder and HOME were the root folder;
//   - whether folders of locally built packages exist (croot, bld_path, conda-bld): the channel "local" is empty.
//
// Texts are Go strings that may hold lone surrogates in their three-byte form; they pass through unchanged. An error
// means that conda's listing of the prefix ends with a failure.
package channel

// The names of channels with a meaning of their own.
const (
	// Unknown is the name of the channel of a package that says nothing of where it is from.
	Unknown = "<unknown>"
	// Defaults is the name under which conda groups its default channels, pkgs/main and pkgs/r.
	Defaults = "defaults"
	// local is the name for the channels of packages built on the machine.
	local = "local"
)

// Channel is where packages come from. It is immutable and safe for concurrent use.
type Channel struct {
	site      // Zero for the unknown channel, for groups, and if the alias for bare names is empty.
	name      string
	canonical string
	group     bool   // Whether the name stands for several channels, like "defaults".
	platform  string // The platform found in the text, as it is spelled there.
}

// site is a place that channels are below. Not being located is different from being at the empty location.
type site struct {
	scheme   string
	location string // Host and port, and the part of the path before the name; a folder for file: URLs.
	located  bool
}

// Name is the channel's name, the field "channel" of `conda list --json`. It may be empty.
func (c *Channel) Name() string { return c.name }

// CanonicalName is the name that conda compares and sorts by: the group of a channel that is in one ("defaults" for
// pkgs/main), the name of one that bare names or a setting lead to, and the URL of any other.
func (c *Channel) CanonicalName() string { return c.canonical }

// BaseURL is the channel's URL without a platform, the field "base_url" of `conda list --json`. It tells false for the
// unknown channel and for groups, which have none.
func (c *Channel) BaseURL() (string, bool) {
	if c.group || c.canonical == Unknown {
		return "", false
	}
	scheme := c.scheme
	if scheme == "" {
		scheme = "None" // What conda prints for a channel below an empty channel_alias.
	}
	return scheme + "://" + joinURL(c.location, c.name), true
}

// Platform is the platform named in the channel's text, like linux-64, as it is spelled there. It tells false if there
// is none.
func (c *Channel) Platform() (string, bool) { return c.platform, c.platform != "" }

// IsNowhere tells whether the channel has neither a name nor a location, like that of https:///: conda takes such a
// channel for none where it asks whether there is one.
func (c *Channel) IsNowhere() bool { return c.name == "" && c.location == "" }

// Channel gives the channel that a text stands for: the field channel or schannel of a record, the URL of a package,
// or the channel of a MatchSpec. Settings that cannot be used are reported when the text needs them (*SettingsError).
func (s *Settings) Channel(text string) (*Channel, error) {
	return s.texts.get(text, s.read)
}

// Name gives the name of the channel that the field channel (or schannel) of a record stands for.
func (s *Settings) Name(channel string) (string, error) {
	c, err := s.Channel(channel)
	if err != nil {
		return "", err
	}
	return c.name, nil
}

// CanonicalName gives the canonical name of the channel that a text stands for; see Channel.CanonicalName.
func (s *Settings) CanonicalName(channel string) (string, error) {
	c, err := s.Channel(channel)
	if err != nil {
		return "", err
	}
	return c.canonical, nil
}

// ChannelFromURL gives the channel of a package by the package's URL. It is Channel, but made for the many URLs of one
// channel.
func (s *Settings) ChannelFromURL(url string) (*Channel, error) {
	if dir, ok := s.packageFolder(url); ok {
		return s.folders.get(dir, func(string) (*Channel, error) { return s.read(url) })
	}
	return s.read(url)
}

// NameFromURL gives the name of the channel of a package by the package's URL.
func (s *Settings) NameFromURL(url string) (string, error) {
	c, err := s.ChannelFromURL(url)
	if err != nil {
		return "", err
	}
	return c.name, nil
}

// Elsewhere tells whether a channel has a location other than those that bare names lead to, now or before a move
// (settings channel_alias and migrated_channel_aliases). conda's MatchSpec compares such channels by BaseURL, others by
// name.
func (s *Settings) Elsewhere(c *Channel) (bool, error) {
	if c.location == "" {
		return false, nil
	}
	below, err := s.isAliasLocation(c)
	return !below, err
}

// read finds out the channel of a text with all its properties.
func (s *Settings) read(text string) (*Channel, error) {
	c, _, err := s.parse(text)
	if err != nil {
		return nil, err
	}
	if c.canonical, err = s.canonicalName(c); err != nil {
		return nil, err
	}
	return &c, nil
}
