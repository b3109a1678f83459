package matchspec

import "strings"

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
	want, err := parseChannel(value)
	if err != nil {
		return component{}, err
	}
	c := component{field: fieldChannel, text: want.canonical(), exact: want.location != "" || want.name != ""}
	if want.hasOwnURL() {
		url := want.baseURL()
		c.text = url
		c.match = func(r *Record) (bool, error) {
			have, err := r.channel()
			return err == nil && have.baseURL() == url, err
		}
		return c, nil
	}
	c.match = func(r *Record) (bool, error) {
		name, canonical, err := r.channelNames()
		return err == nil && (want.name == name || want.name == canonical), err
	}
	return c, nil
}

// channelNames returns the name and the canonical name of a record's channel.
func (r *Record) channelNames() (name, canonical string, err error) {
	c, err := r.channel()
	if err != nil {
		return "", "", err
	}
	if r.ChannelCanonical != "" {
		return c.name, r.ChannelCanonical, nil
	}
	return c.name, c.canonical(), nil
}

// specChannel reads the channel part of a spec: the text that conda goes on with, and the platform in it.
func specChannel(text string) (name, platform string, err error) {
	c, err := parseChannel(text)
	if err != nil {
		return "", "", err
	}
	if isURL(text) && c.hasOwnURL() {
		return c.baseURL(), c.platform, nil
	}
	return c.canonical(), c.platform, nil
}
