package matchspec

import (
	"strings"

	"kernelindexer/condaenv/channel"
)

// channelComponent reads a condition on the channel (conda: ChannelMatch).
func channelComponent(settings *channel.Settings, value string) (component, error) {
	isRegexp := strings.HasPrefix(value, "^") && strings.HasSuffix(value, "$")
	if !isRegexp && strings.IndexByte(value, '*') < 0 {
		return exactChannel(settings, value)
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
		_, canonical, err := r.channelNames(settings)
		return err == nil && re.MatchString(canonical), err
	}
	return component{field: fieldChannel, text: value, match: match}, nil
}

// exactChannel compares URLs if the spec's channel is elsewhere than where bare names lead, else the name with the
// record's two names.
func exactChannel(settings *channel.Settings, value string) (component, error) {
	want, err := settings.Channel(value)
	if err != nil {
		return component{}, err
	}
	elsewhere, err := settings.Elsewhere(want)
	if err != nil {
		return component{}, err
	}
	url, _ := want.BaseURL()
	isNothing := want.Name() == "" && strings.HasSuffix(url, ":///") // A URL with neither host nor path.
	c := component{field: fieldChannel, text: want.CanonicalName(), exact: !isNothing}
	if elsewhere {
		c.text = url
		c.match = func(r *Record) (bool, error) {
			have, err := r.channel(settings)
			if err != nil {
				return false, err
			}
			base, ok := have.BaseURL()
			return ok && base == url, nil
		}
		return c, nil
	}
	c.match = func(r *Record) (bool, error) {
		name, canonical, err := r.channelNames(settings)
		return err == nil && (want.Name() == name || want.Name() == canonical), err
	}
	return c, nil
}

// channel reads the record's channel.
func (r *Record) channel(settings *channel.Settings) (*channel.Channel, error) {
	switch {
	case r.Channel != "":
		return settings.Channel(r.Channel)
	case r.URL != "":
		return settings.ChannelFromURL(r.URL)
	default:
		return settings.Channel(channel.Unknown)
	}
}

// channelNames returns the name and the canonical name of the record's channel.
func (r *Record) channelNames(settings *channel.Settings) (name, canonical string, err error) {
	c, err := r.channel(settings)
	if err != nil {
		return "", "", err
	}
	if r.ChannelCanonical != "" {
		return c.Name(), r.ChannelCanonical, nil
	}
	return c.Name(), c.CanonicalName(), nil
}

// specChannel reads the channel part of a spec: the text that conda goes on with, and the platform in it.
func specChannel(settings *channel.Settings, text string) (name, platform string, err error) {
	c, err := settings.Channel(text)
	if err != nil {
		return "", "", err
	}
	platform, _ = c.Platform()
	if hasScheme(text) {
		elsewhere, err := settings.Elsewhere(c)
		if err != nil {
			return "", "", err
		}
		if url, ok := c.BaseURL(); ok && elsewhere {
			return url, platform, nil
		}
	}
	return c.CanonicalName(), platform, nil
}

// hasScheme reports whether conda takes text for a URL: a lower-case letter, up to eleven more of those or digits, and
// "://" at its start.
func hasScheme(text string) bool {
	end := strings.Index(text, "://")
	if end < 1 || end > 12 || isDigit(text[0]) {
		return false
	}
	for i := range end {
		if !isAlnum(text[i]) {
			return false
		}
	}
	return true
}
