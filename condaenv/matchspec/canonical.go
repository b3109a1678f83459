package matchspec

import "strings"

// String returns conda's canonical form of the spec: channel/subdir::name, then version and build if they are exact or
// a prefix, everything else in brackets. It is what conda shows, and not always a spec that means the same: an "or"
// of versions inside of an "and" loses its parentheses.
func (s Spec) String() string {
	var b, brackets strings.Builder
	channel := s.component(fieldChannel)
	subdir := s.component(fieldSubdir)
	switch {
	case channel != nil && channel.exact:
		b.WriteString(channel.text)
		if subdir != nil {
			b.WriteString("/" + subdir.text)
		}
		b.WriteString("::")
	case channel != nil && channel.text != "*":
		writeBracket(&brackets, "channel", channel.text, "")
	}
	if subdir != nil && (channel == nil || !channel.exact) {
		writeBracket(&brackets, "subdir", subdir.text, "")
	}
	if s.name.text == "" {
		b.WriteByte('*')
	}
	b.WriteString(s.name.text)
	s.writeVersionBuild(&b, &brackets)
	s.writeRest(&brackets)
	if brackets.Len() > 0 {
		b.WriteString("[" + brackets.String() + "]")
	}
	return b.String()
}

// component returns the condition on a field, nil if there is none.
func (s Spec) component(f field) *component {
	for i := range s.components {
		if s.components[i].field == f {
			return &s.components[i]
		}
	}
	return nil
}

const needsQuotes = "><$^|,"

// writeVersionBuild writes an exact version, a prefix, and an exact build of an exact version outside of the brackets.
func (s Spec) writeVersionBuild(b, brackets *strings.Builder) {
	exactVersion := false
	if s.hasVersion {
		version := s.version.String()
		switch {
		case strings.ContainsAny(version, needsQuotes):
			writeBracket(brackets, "version", version, "'")
		case strings.HasPrefix(version, "!=") || strings.HasPrefix(version, "~="):
			if s.hasBuild {
				writeBracket(brackets, "version", version, "'")
			} else {
				b.WriteString(version)
			}
		case version == "*":
		case strings.HasSuffix(version, "*"):
			b.WriteString("=" + strings.TrimSuffix(strings.TrimSuffix(version, "*"), "."))
		default:
			exactVersion = true
			if !strings.HasPrefix(version, "==") {
				b.WriteString("==")
			}
			b.WriteString(version)
		}
	}
	switch build := s.build.text; {
	case !s.hasBuild:
	case strings.ContainsAny(build, needsQuotes):
		writeBracket(brackets, "build", build, "'")
	case exactVersion && !strings.Contains(build, "*"):
		b.WriteString("=" + build)
	default:
		writeBracket(brackets, "build", build, "")
	}
}

// writeRest writes the other fields in conda's order. A URL goes without saying if there is a channel, a file name if
// there is a URL.
func (s Spec) writeRest(brackets *strings.Builder) {
	if s.components == nil {
		return
	}
	for f := fieldBuildNumber; f < fieldCount; f++ {
		c := s.component(f)
		switch {
		case c == nil,
			f == fieldFileName && s.component(fieldURL) != nil,
			f == fieldURL && s.component(fieldChannel) != nil:
		case (f == fieldExtras || f == fieldFlags) || !strings.ContainsAny(c.text, ", ="):
			writeBracket(brackets, fieldNames[f], c.text, "")
		default:
			writeBracket(brackets, fieldNames[f], c.text, "'")
		}
	}
}

func writeBracket(brackets *strings.Builder, key, value, quote string) {
	if brackets.Len() > 0 {
		brackets.WriteByte(',')
	}
	brackets.WriteString(key)
	brackets.WriteByte('=')
	brackets.WriteString(quote)
	brackets.WriteString(value)
	brackets.WriteString(quote)
}
