package matchspec

import (
	"strings"

	"kernelindexer/condaenv/channel"
)

// Parse reads a spec as conda's MatchSpec does. An error is a [*ParseError].
//
// The forms are "name", "name version", "name version build" with blanks or "=" between, a condition in the place of
// the version ("name>=1,<2"), "channel/subdir::" in front, "[key=value,…]" behind, and the URL or path of a package.
// A comment from "#" on, a condition from " if " on, and a part in parentheses are ignored.
func Parse(text string) (Spec, error) {
	if text == "" {
		return Spec{}, nil
	}
	spec, err := parse(text)
	if err != nil {
		return Spec{}, err.within(kindSpec, text)
	}
	return spec, nil
}

func parse(text string) (Spec, *ParseError) {
	if feature, ok := strings.CutSuffix(text, "@"); ok {
		return featureSpec(text, feature), nil
	}
	rest, _, _ := strings.Cut(text, "#")
	rest, _, _ = strings.Cut(rest, " if ")
	var values specValues
	var err *ParseError
	if channel.PackageExtension(rest) != "" {
		err = values.readPackage(rest)
	} else {
		err = values.readSpec(rest)
	}
	if err != nil {
		return Spec{}, err
	}
	return values.compile(text)
}

// featureSpec is "feature@": the packages that track this feature and no other.
func featureSpec(text, feature string) Spec {
	var words []string
	if feature = strip(feature); feature != "" {
		words = []string{feature}
	}
	name := pattern{text: "*", kind: patternGlob}
	return Spec{
		text:       text,
		name:       name,
		components: []component{nameComponent(name), featuresComponent(fieldTrackFeatures, words)},
	}
}

// readSpec takes a spec apart, from the outside to the inside.
func (v *specValues) readSpec(text string) *ParseError {
	rest, section := cutSection(text, '[', ']')
	brackets, err := readBrackets(section)
	if err != nil {
		return err
	}
	rest, _ = cutSection(rest, '(', ')')
	channel, _, rest, _ := splitLast2(rest, ':') // Between the colons is a namespace, which has no meaning yet.
	name, rest := cutName(rest)
	if err := checkName(name, rest); err != nil {
		return err
	}
	v.set(fieldName, name)
	if err := v.readChannel(channel, brackets); err != nil {
		return err
	}
	if err := v.readVersionBuild(rest); err != nil {
		return err
	}
	v.readRest(brackets)
	return nil
}

// cutSection removes the last "open…close" of the first line, and all that is spelled like it. If one opens inside of
// another, the section begins at the inner one and ends with the last closing character.
func cutSection(text string, open, closing byte) (rest, section string) {
	line := firstLine(text)
	end := strings.LastIndexByte(line, closing)
	if end < 0 {
		return text, ""
	}
	start := strings.LastIndexByte(line[:end], open)
	if start < 0 {
		return text, ""
	}
	section = line[start : end+1]
	return strings.ReplaceAll(text, section, ""), section
}

// cutName cuts off what stands before the first blank or operator. Of the rest only the first line counts, and only if
// there is more than one character: "numpy=" asks for nothing but the name.
func cutName(text string) (name, rest string) {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == ' ' || isOperatorByte(c) {
			name, rest = text[:i], text[i:i+1+len(firstLine(text[i+1:]))]
			if len(rest) == 1 {
				rest = ""
			}
			return name, rest
		}
	}
	return text, ""
}

// readChannel reads the channel in front of the name and that in the brackets, which comes first; both can hold a
// platform.
func (v *specValues) readChannel(outside string, brackets []pair) *ParseError {
	channel, subdir, hasChannel := "", "", outside != ""
	if hasChannel {
		var err error
		if channel, subdir, err = specChannel(outside); err != nil {
			return fault(kindSpec, outside, outside, err.Error())
		}
	}
	if value := lookup(brackets, fieldNames[fieldChannel]); value != "" {
		inside, platform, err := specChannel(value)
		if err != nil {
			return fault(kindSpec, value, value, err.Error())
		}
		if inside != "" {
			channel, hasChannel = inside, true
		}
		if platform != "" {
			subdir = platform
		}
	}
	if value := lookup(brackets, fieldNames[fieldSubdir]); value != "" {
		subdir = value
	}
	if hasChannel {
		v.set(fieldChannel, channel)
	}
	if subdir != "" {
		v.set(fieldSubdir, subdir)
	}
	return nil
}

// readVersionBuild reads what follows the name.
func (v *specValues) readVersionBuild(text string) *ParseError {
	text = strip(text)
	if text == "" {
		return nil
	}
	if i := strings.IndexByte(text, '['); i >= 0 {
		return faultAt(kindSpec, text, text[i:], i, "multiple brackets sections not allowed")
	}
	version, build := cutBuild(text)
	v.set(fieldVersion, sanitizeVersion(version, build != ""))
	if build != "" {
		v.set(fieldBuild, build)
	}
	return nil
}

// cutBuild splits version and build at the first blank or "=" that no operator stands before and no operator, comma, bar
// or dash follows, and takes blanks out of the version.
func cutBuild(text string) (version, build string) {
	last := strings.LastIndexAny(text, "-=,|<>~")
	for i := max(last, 1); i < len(text); i++ {
		if c := text[i]; (c == ' ' || c == '=' && i+1 < len(text)) && !forbidsBuild(text[i-1]) {
			version, build = text[:i], strip(text[i+1:])
			break
		}
	}
	if build == "" {
		version = text
	}
	return strings.ReplaceAll(version, " ", ""), build
}

func forbidsBuild(c byte) bool {
	return isOperatorByte(c) || c == '|' || c == ','
}

// sanitizeVersion gives "=" its meaning: "==V" is V, "=V" is "V*" without a build and V with one.
func sanitizeVersion(version string, hasBuild bool) string {
	if version == "=" || version == "==" || !strings.HasPrefix(version, "=") {
		return version
	}
	bare := strings.TrimLeft(version, "=")
	switch {
	case !hasBuild && strings.HasPrefix(version, "=="):
		return bare
	case strings.ContainsAny(bare, "=,|"):
		return version
	case !hasBuild && !strings.HasSuffix(bare, "*"):
		return bare + "*"
	default:
		return bare
	}
}
