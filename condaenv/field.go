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

// fieldID names the fields of a record that conda looks at, for what they say or only to validate them.
type fieldID int

const (
	fieldName fieldID = iota
	fieldVersion
	fieldBuild
	fieldBuildNumber
	fieldChannel
	fieldSchannel // old name of channel
	fieldURL
	fieldSubdir
	fieldPlatform
	fieldArch
	fieldSitePackages
	fieldDepends
	fieldConstrains
	fieldFiles
	fieldPathsData
	fieldLink
	fieldNoarch
	fieldPackageType
	fieldTrackFeatures
	fieldFeatures
	fieldFlags
	fieldRequestedSpecsRaw
	fieldRequestedSpecs
	fieldSize
	fieldLegacySize
	fieldTimestamp
	fieldIndexedTimestamp
	fieldFn
	fieldFilename // old name of fn
	fieldMD5
	fieldLegacyMD5
	fieldSHA256
	fieldLicense
	fieldLicenseFamily
	fieldPreferredEnv
	fieldDate
	fieldRequestedSpec
	fieldTarball
	fieldExtractedDir
	fieldAuth
	fieldSelf
	fieldCls
	numFields
)

// rule is what conda allows in a field. Null is the same as absent where the rule does not say otherwise.
type rule uint8

const (
	ruleText         rule = iota // text; numbers and booleans become text
	ruleTextRequired             // name, version, build: the file name's parts, checked elsewhere
	ruleAlias                    // text, and null is refused: an alias is looked at only where its field is absent
	ruleInt                      // integer or boolean
	ruleIntRequired              // the same, and neither absent nor null
	ruleNumber
	ruleList         // list of text; an object counts as the list of its keys
	ruleListRequired // the same, and null is refused
	ruleFiles        // as ruleList; only entries that look like anchors are kept
	ruleFeatures     // text or list of text, null refused
	ruleNoarch
	rulePackageType
	rulePlatform
	ruleLink
	rulePathsData
	ruleChannel
	ruleChannelAlias // the same, and null is refused
	ruleReserved     // a key that Python cannot pass on as a keyword argument
)

var fieldIDs = map[string]fieldID{
	"name": fieldName, "version": fieldVersion, "build": fieldBuild, "build_number": fieldBuildNumber,
	"channel": fieldChannel, "schannel": fieldSchannel, "url": fieldURL, "subdir": fieldSubdir,
	"platform": fieldPlatform, "arch": fieldArch, "python_site_packages_path": fieldSitePackages,
	"depends": fieldDepends, "constrains": fieldConstrains, "files": fieldFiles, "paths_data": fieldPathsData,
	"link": fieldLink, "noarch": fieldNoarch, "package_type": fieldPackageType,
	"track_features": fieldTrackFeatures, "features": fieldFeatures, "flags": fieldFlags,
	"_requested_specs": fieldRequestedSpecsRaw, "requested_specs": fieldRequestedSpecs,
	"size": fieldSize, "legacy_bz2_size": fieldLegacySize,
	"timestamp": fieldTimestamp, "indexed_timestamp": fieldIndexedTimestamp,
	"fn": fieldFn, "filename": fieldFilename, "md5": fieldMD5, "legacy_bz2_md5": fieldLegacyMD5, "sha256": fieldSHA256,
	"license": fieldLicense, "license_family": fieldLicenseFamily, "preferred_env": fieldPreferredEnv,
	"date": fieldDate, "requested_spec": fieldRequestedSpec, "package_tarball_full_path": fieldTarball,
	"extracted_package_dir": fieldExtractedDir, "auth": fieldAuth, "self": fieldSelf, "cls": fieldCls,
}

// fieldRules has ruleText, the zero value, for every field not named here.
var fieldRules = [numFields]rule{
	fieldName: ruleTextRequired, fieldVersion: ruleTextRequired, fieldBuild: ruleTextRequired,
	fieldBuildNumber: ruleIntRequired,
	fieldChannel:     ruleChannel, fieldSchannel: ruleChannelAlias,
	fieldPlatform: rulePlatform,
	fieldDepends:  ruleListRequired, fieldConstrains: ruleListRequired, fieldFiles: ruleFiles,
	fieldPathsData: rulePathsData, fieldLink: ruleLink,
	fieldNoarch: ruleNoarch, fieldPackageType: rulePackageType,
	fieldTrackFeatures: ruleFeatures, fieldFeatures: ruleFeatures,
	fieldFlags: ruleList, fieldRequestedSpecsRaw: ruleList, fieldRequestedSpecs: ruleList,
	fieldSize: ruleInt, fieldLegacySize: ruleInt,
	fieldTimestamp: ruleNumber, fieldIndexedTimestamp: ruleNumber,
	fieldFilename: ruleAlias, fieldSelf: ruleReserved, fieldCls: ruleReserved,
}

// field is one scanned value. raw is a span of the scanner's buffer.
type field struct {
	kind pyjson.Kind
	raw  []byte
	list []string // the elements of a list; of files only those that end as an anchor does
	bad  string   // what is wrong inside of a list or an object
}

// scan takes the next value of s.
func (f *field) scan(s *pyjson.Scanner, r rule) error {
	kind, err := s.Peek()
	if err != nil {
		return err
	}
	start := s.Pos()
	switch {
	case kind == pyjson.Object && r == rulePathsData:
		f.bad, err = scanPathsData(s)
	case kind == pyjson.Object && r == ruleLink:
		f.bad, err = scanLink(s)
	case kind == pyjson.Array && r == ruleFiles:
		err = f.scanFiles(s)
	case (kind == pyjson.Array || kind == pyjson.Object) && isList(r):
		err = f.scanList(s, kind, r)
	default:
		kind, err = s.Skip()
	}
	f.kind, f.raw = kind, s.Span(start)
	return err
}

func isList(r rule) bool {
	return r == ruleList || r == ruleListRequired || r == ruleFiles || r == ruleFeatures
}

// scanList takes a list of text, or an object, whose keys conda takes for one.
func (f *field) scanList(s *pyjson.Scanner, kind pyjson.Kind, r rule) error {
	for first := true; ; first = false {
		text, isText, more, err := nextItem(s, kind, first)
		if err != nil || !more {
			return err
		}
		if !isText {
			f.bad = "has an element that is not text"
		} else if r != ruleFiles || isAnchorEntry(text) {
			f.list = append(f.list, pyjson.Text(text))
		}
	}
}

// nextItem steps to the next element of an array or member of an object; text is the raw inside of the element or key.
func nextItem(s *pyjson.Scanner, kind pyjson.Kind, first bool) (text []byte, isText, more bool, err error) {
	if kind == pyjson.Object {
		if text, more, err = s.Key(first); err == nil && more {
			_, err = s.Skip()
		}
		return text, true, more, err
	}
	if more, err = s.Elem(first); err != nil || !more {
		return nil, false, more, err
	}
	start := s.Pos()
	elem, err := s.Skip()
	if err != nil || elem != pyjson.String {
		return nil, false, true, err
	}
	raw := s.Span(start)
	return raw[1 : len(raw)-1], true, true, nil
}

// scanFiles is scanList for files, the second largest field: it skips the whole list and then searches it for the few
// entries that count.
func (f *field) scanFiles(s *pyjson.Scanner) error {
	start := s.Pos()
	for first := true; ; first = false {
		more, err := s.Elem(first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if kind, err := s.Skip(); err != nil {
			return err
		} else if kind != pyjson.String {
			f.bad = "has an element that is not text"
		}
	}
	raw := s.Span(start)
	if f.bad != "" || !bytes.Contains(raw, []byte("-info")) && bytes.IndexByte(raw, '\\') < 0 {
		return nil
	}
	f.list = anchorEntries(raw)
	return nil
}

// anchorEntries returns the entries of a validated JSON list of strings that end as an anchor does.
func anchorEntries(raw []byte) (entries []string) {
	for {
		open := bytes.IndexByte(raw, '"')
		if open < 0 {
			return entries
		}
		raw = raw[open+1:]
		end := 0
		for raw[end] != '"' {
			if raw[end] == '\\' {
				end++
			}
			end++
		}
		if isAnchorEntry(raw[:end]) {
			entries = append(entries, pyjson.Text(raw[:end]))
		}
		raw = raw[end+1:]
	}
}

// isAnchorEntry reports whether a raw entry of files may be an anchor. Escapes are looked at closely later.
func isAnchorEntry(raw []byte) bool {
	return bytes.HasSuffix(raw, []byte("-info/RECORD")) || bytes.HasSuffix(raw, []byte("-info/PKG-INFO")) ||
		bytes.HasSuffix(raw, []byte("-info")) || bytes.IndexByte(raw, '\\') >= 0
}

// text returns the text of a String value.
func (f *field) text() string { return pyjson.Text(f.raw[1 : len(f.raw)-1]) }

// optional returns the value as the text Python's str() makes of it; null and what is no text are missing.
func (f *field) optional() optional {
	switch f.kind {
	case pyjson.String:
		return optional{text: f.text(), ok: true}
	case pyjson.True:
		return optional{text: "True", ok: true}
	case pyjson.False:
		return optional{text: "False", ok: true}
	case pyjson.Int, pyjson.Float:
		return optional{text: string(f.raw), ok: true}
	case pyjson.Absent, pyjson.Null, pyjson.Array, pyjson.Object:
	}
	return optional{}
}

// words returns the features of a field that is text or a list of text.
func (f *field) words() []string {
	list := f.list
	if f.kind == pyjson.String {
		list = strings.Split(strings.ReplaceAll(f.text(), " ", ","), ",")
	}
	var words []string
	for _, w := range list {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

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
