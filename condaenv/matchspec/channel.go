package matchspec

import (
	"strings"

	"kernelindexer/condaenv/channel"
)

// channelComponent reads a condition on the channel (conda: ChannelMatch).
func channelComponent(value string) (component, error) {
	isRegexp := strings.HasPrefix(value, "^") && strings.HasSuffix(value, "$")
	if !isRegexp && strings.IndexByte(value, '*') < 0 {
		return exactChannel(value)
	}
	expr := value
	if !isRegexp { // conda takes all but the asterisk for a regular expression here too.
		expr = "^(?:" + strings.ReplaceAll(value, "*", ".*") + ")$"
	}
	re, err := compileRegexp(expr)
	if err != nil {
		return component{}, err
	}
	match := func(r *Record) (bool, error) {
		_, canonical, err := r.channelNames()
		return err == nil && re.MatchString(canonical), err
	}
	return component{field: fieldChannel, text: value, match: match}, nil
}

// exactChannel compares URLs if the spec's channel is elsewhere than where bare names lead, else the name with the
// record's two names.
func exactChannel(value string) (component, error) {
	want, err := channel.Default().Channel(value)
	if err != nil {
		return component{}, err
	}
	c := component{field: fieldChannel, text: want.CanonicalName(), exact: !want.IsNowhere()}
	url, byURL, err := ownURL(want)
	if err != nil {
		return component{}, err
	}
	if byURL {
		c.text = url
		c.match = func(r *Record) (bool, error) {
			have, err := r.channel()
			if err != nil {
				return false, err
			}
			haveURL, _ := have.BaseURL()
			return haveURL == url, nil
		}
		return c, nil
	}
	c.match = func(r *Record) (bool, error) {
		name, canonical, err := r.channelNames()
		return err == nil && (want.Name() == name || want.Name() == canonical), err
	}
	return c, nil
}

// ownURL returns the URL of a channel that is elsewhere than where bare names lead; false if it is not.
func ownURL(c *channel.Channel) (string, bool, error) {
	if elsewhere, err := channel.Default().Elsewhere(c); err != nil || !elsewhere {
		return "", false, err
	}
	url, ok := c.BaseURL()
	return url, ok, nil
}

// specChannel reads the channel part of a spec: the text that conda goes on with, and the platform in it
// (conda: _parse_channel).
func specChannel(text string) (name, platform string, err error) {
	c, err := channel.Default().Channel(text)
	if err != nil {
		return "", "", err
	}
	platform, _ = c.Platform()
	if channel.IsURL(text) {
		if url, ok, err := ownURL(c); ok || err != nil {
			return url, platform, err
		}
	}
	return c.CanonicalName(), platform, nil
}

// channel returns the record's channel.
func (r *Record) channel() (*channel.Channel, error) {
	switch {
	case r.Channel != "":
		return channel.Default().Channel(r.Channel)
	case r.URL != "":
		return channel.Default().ChannelFromURL(r.URL)
	default:
		return channel.Default().Channel(channel.Unknown)
	}
}

// channelNames returns the name and the canonical name of a record's channel.
func (r *Record) channelNames() (name, canonical string, err error) {
	c, err := r.channel()
	if err != nil {
		return "", "", err
	}
	if r.ChannelCanonical != "" {
		return c.Name(), r.ChannelCanonical, nil
	}
	return c.Name(), c.CanonicalName(), nil
}
