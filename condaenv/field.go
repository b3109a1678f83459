package condaenv

import (
	"bytes"
	"strings"

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
