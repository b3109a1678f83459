package condaenv

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"kernelindexer/condaenv/pyjson"
)

// problem returns the first field that conda's validation refuses.
func (p *recordParser) problem() error {
	for id := range p.fields {
		f := &p.fields[id]
		if p.hiddenAlias(fieldID(id)) {
			continue
		}
		if reason := f.refused(fieldRules[id]); reason != "" {
			return fmt.Errorf("field %q %s", fieldNames[id], reason)
		}
	}
	return nil
}

// hiddenAlias reports whether id is an old name of a field that is there under its new one (null or not).
func (p *recordParser) hiddenAlias(id fieldID) bool {
	switch id {
	case fieldSchannel:
		return p.fields[fieldChannel].kind != pyjson.Absent
	case fieldFilename:
		return p.fields[fieldFn].kind != pyjson.Absent
	case fieldRequestedSpecs:
		return p.fields[fieldRequestedSpecsRaw].kind != pyjson.Absent
	default:
		return false
	}
}

// fieldNames is fieldIDs the other way round.
var fieldNames = func() (names [numFields]string) {
	for name, id := range fieldIDs {
		names[id] = name
	}
	return names
}()

// refused says what is wrong with the value, or nothing.
func (f *field) refused(r rule) string {
	switch f.kind {
	case pyjson.Absent:
		if r == ruleIntRequired {
			return "is missing"
		}
		return ""
	case pyjson.Null:
		if r == ruleIntRequired || r == ruleListRequired || r == ruleFeatures || r == ruleAlias ||
			r == ruleChannelAlias {
			return "is null"
		}
		return ""
	case pyjson.False, pyjson.True, pyjson.Int, pyjson.Float, pyjson.String, pyjson.Array, pyjson.Object:
	}
	if r == ruleReserved {
		return "has a name that conda cannot take"
	}
	if f.bad != "" {
		return f.bad
	}
	if want := f.wants(r); want != "" {
		return "is not " + want
	}
	return ""
}

// wants names what the rule wants if the value, which is not null, is not that.
func (f *field) wants(r rule) string {
	k := f.kind
	isInt := k == pyjson.Int || k == pyjson.True || k == pyjson.False
	isArray := k == pyjson.Array || k == pyjson.Object
	switch r {
	case ruleText, ruleAlias, ruleTextRequired:
		return unless(!isArray, "text")
	case ruleInt, ruleIntRequired:
		return unless(isInt, "an integer")
	case ruleNumber:
		return unless(isInt || k == pyjson.Float, "a number")
	case ruleList, ruleListRequired, ruleFiles:
		return unless(isArray, "a list of text")
	case ruleFeatures:
		return unless(isArray || k == pyjson.String, "text or a list of text")
	case ruleLink, rulePathsData:
		return unless(k == pyjson.Object, "an object")
	case ruleChannel, ruleChannelAlias:
		return unless(k == pyjson.String || k == pyjson.Object && string(trimBlanks(f.raw)) == "{}", "text")
	case ruleNoarch:
		return unless(k == pyjson.True || k == pyjson.False || k == pyjson.String && isNoarchWord(f.text()),
			"python, generic or a word for true or false")
	case rulePackageType:
		return unless(k == pyjson.String && packageTypes[strings.ToLower(f.text())] &&
			(f.text() == strings.ToLower(f.text()) || f.text() == strings.ToUpper(f.text())), "a package type conda knows")
	case rulePlatform:
		return unless(k == pyjson.String && platforms[f.text()], "a platform conda knows")
	case ruleReserved:
	}
	return ""
}

func unless(ok bool, want string) string {
	if ok {
		return ""
	}
	return want
}

// trimBlanks takes the blanks out of an object's span, so that an empty one can be told.
func trimBlanks(raw []byte) []byte { return bytes.Join(bytes.Fields(raw), nil) }

// packageTypes is conda.models.enums.PackageType: values in lower case, names the same words in upper case.
var packageTypes = map[string]bool{
	"noarch_generic": true, "noarch_python": true, "virtual_private_env": true, "virtual_python_wheel": true,
	"virtual_python_egg_manageable": true, "virtual_python_egg_unmanageable": true, "virtual_python_egg_link": true,
	"virtual_system": true,
}

// platforms is conda.models.enums.Platform, values and names.
var platforms = map[string]bool{
	"freebsd": true, "linux": true, "win": true, "win32": true, "openbsd": true, "openbsd5": true, "osx": true,
	"darwin": true, "zos": true, "emscripten": true, "wasi": true,
}

// boolWords are the words conda's boolify knows, null words included.
var boolWords = map[string]bool{
	"true": true, "yes": true, "on": true, "y": true, "none": true, "~": true, "null": true, "\x00": true,
	"false": true, "off": true, "n": true, "no": true, "non": true, "": true,
}

// isNoarchWord reports whether conda takes s as a value of noarch: python, generic, or what it can make a truth value.
func isNoarchWord(s string) bool {
	s = strings.ToLower(s)
	if s == "python" || s == "generic" {
		return true
	}
	s = strings.Replace(strings.TrimSpace(s), ".", "", 1)
	if boolWords[s] {
		return true
	}
	s = strings.Map(asciiDigit, strings.ReplaceAll(s, "_", ""))
	if strings.ContainsAny(s, "xp(i") && s != "inf" && s != "-inf" && s != "+inf" {
		return false // forms of numbers that Go reads and Python does not
	}
	_, err := strconv.ParseComplex(strings.TrimSuffix(s, "j"), 128)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// asciiDigit makes any decimal digit an ASCII one, as Python's float() does.
func asciiDigit(r rune) rune {
	if unicode.Is(unicode.Nd, r) {
		return '1'
	}
	return r
}
