package matchspec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is something a spec can ask of a record, in the order of the canonical form (conda: MatchSpec.FIELD_NAMES).
type field uint8

const (
	fieldChannel field = iota
	fieldSubdir
	fieldName
	fieldVersion
	fieldBuild
	fieldBuildNumber
	fieldTrackFeatures
	fieldFeatures
	fieldURL
	fieldMD5
	fieldSHA256
	fieldLicense
	fieldLicenseFamily
	fieldFileName
	fieldWhen
	fieldExtras
	fieldFlags
	fieldCount
)

var fieldNames = [fieldCount]string{
	"channel", "subdir", "name", "version", "build", "build_number", "track_features", "features", "url", "md5",
	"sha256", "license", "license_family", "fn", "when", "extras", "flags",
}

// component is one condition of a spec.
type component struct {
	field field
	text  string // The value in the canonical form.
	exact bool   // Of a channel: not a pattern.
	match func(*Record) (bool, error)
}

// newComponent reads the value of a condition other than name, version and build.
func newComponent(f field, value string) (component, error) {
	c := component{field: f, text: value}
	switch f {
	case fieldChannel:
		return channelComponent(value)
	case fieldBuildNumber:
		return buildNumberComponent(value)
	case fieldTrackFeatures, fieldFeatures:
		return featuresComponent(f, splitWords(value)), nil
	case fieldFlags, fieldExtras:
		return listComponent(f, splitWords(value)), nil
	case fieldLicense, fieldLicenseFamily, fieldWhen:
		return foldedComponent(f, value)
	default:
		c.match = func(r *Record) (bool, error) {
			have, err := r.text(f)
			return err == nil && have == value, err
		}
		return c, nil
	}
}

// foldedComponent compares without regard to letter case. "when" says when the spec counts, and asks nothing of records.
func foldedComponent(f field, value string) (component, error) {
	p, err := newPattern(lower(value))
	if err != nil {
		return component{}, err
	}
	c := component{field: f, text: p.text}
	if f == fieldWhen {
		c.match = func(*Record) (bool, error) { return true, nil }
		return c, nil
	}
	c.match = func(r *Record) (bool, error) {
		have, err := r.text(f)
		return err == nil && p.match(lower(have)), err
	}
	return c, nil
}

// splitWords splits a list at commas and blanks.
func splitWords(value string) []string {
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	for i, word := range words {
		words[i] = strip(word)
	}
	return slices.DeleteFunc(words, func(word string) bool { return word == "" })
}

// featuresComponent compares sets.
func featuresComponent(f field, words []string) component {
	slices.Sort(words)
	words = slices.Compact(words)
	c := component{field: f, text: strings.Join(words, " ")}
	c.match = func(r *Record) (bool, error) {
		have := slices.Clone(r.words(f))
		slices.Sort(have)
		return slices.Equal(words, slices.Compact(have)), nil
	}
	return c
}

// listComponent compares lists. The canonical form has them in order of the alphabet. No record of conda's has extras;
// conda ends with an exception when it looks for them.
func listComponent(f field, words []string) component {
	sorted := slices.Sorted(slices.Values(words))
	for i, word := range sorted {
		sorted[i] = "'" + word + "'"
	}
	c := component{field: f, text: "[" + strings.Join(sorted, ", ") + "]"}
	c.match = func(r *Record) (bool, error) {
		if f == fieldExtras {
			return false, errors.New("records have no extras to match")
		}
		return slices.Equal(words, r.words(f)), nil
	}
	return c
}

// buildNumberComponent reads a number, a relation or "*" (conda: BuildNumberMatch). Relations use the order of
// versions, in which no negative number has a place.
func buildNumberComponent(value string) (component, error) {
	c := component{field: fieldBuildNumber, text: value}
	if number, ok := parseInt(value); ok {
		c.text = number
		c.match = func(r *Record) (bool, error) { return strconv.FormatInt(r.BuildNumber, 10) == number, nil }
		return c, nil
	}
	c.text = strip(value)
	switch {
	case c.text == "":
		return component{}, errors.New("empty build number condition")
	case c.text == "*":
		c.match = func(*Record) (bool, error) { return true, nil }
	case isOperatorByte(c.text[0]) && c.text[0] != '~':
		return relationComponent(c)
	case c.text[0] == '^' || strings.HasSuffix(c.text, "$"):
		if c.text[0] != '^' || !strings.HasSuffix(c.text, "$") {
			return component{}, errors.New("regex specs must start with '^' and end with '$'")
		}
		c.match = func(*Record) (bool, error) {
			return false, fmt.Errorf("build number is no text for the regular expression %q", c.text)
		}
		_, err := compileRegexp(c.text)
		return c, err
	default: // conda compares it with the number, to which no text is equal.
		c.match = func(*Record) (bool, error) { return false, nil }
	}
	return c, nil
}

// relationComponent compiles a relation of build numbers; unlike that of versions it knows no ".*".
func relationComponent(c component) (component, error) {
	op, version := cutOperator(c.text)
	if op == opAny || version == "" || isOperatorByte(version[0]) || strings.ContainsFunc(version, isSpace) {
		return component{}, fault(kindCondition, c.text, c.text, reasonOperator)
	}
	condition, err := relation(op, c.text, version)
	if err != nil {
		return component{}, err
	}
	spec := VersionSpec{root: condition}
	c.match = func(r *Record) (bool, error) { return spec.MatchText(strconv.FormatInt(r.BuildNumber, 10)) }
	return c, nil
}

// parseInt is Python's int() for ASCII digits, brought to its shortest form.
func parseInt(text string) (string, bool) {
	text = strip(text)
	sign := ""
	if text != "" && (text[0] == '-' || text[0] == '+') {
		sign, text = strings.TrimPrefix(text[:1], "+"), text[1:]
	}
	if strings.HasPrefix(text, "_") || strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		return "", false
	}
	if text = strings.ReplaceAll(text, "_", ""); !allDigits(text) {
		return "", false
	}
	if text = strings.TrimLeft(text, "0"); text == "" {
		return "0", true
	}
	return sign + text, true
}
