package condaenv

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"kernelindexer/condaenv/pyjson"
)

// record is one conda-meta/<name>-<version>-<build>.json that conda accepts: what the listing needs of it, no more.
// Texts are generalised UTF-8 (see package pyjson).
type record struct {
	name, version, build string

	buildNumber  string   // as written in the JSON; it only breaks ties
	depends      []string // MatchSpecs, unparsed
	anchors      []string // the entries of files that end as an anchor of a Python distribution does
	channel      channelText
	url          optional
	subdir       optional
	platform     optional
	arch         optional
	sitePackages optional // python_site_packages_path

	// What a MatchSpec can ask for besides; hardly any does.
	fileName, md5, sha256, license, licenseFamily string

	trackFeatures, features, flags []string

	// problem is why conda refuses the record's fields. It counts only if the record is not hidden by a later one
	// of its name: conda validates a record when it is first used.
	problem error
}

// optional is a text that may be missing (or null, which is the same to conda).
type optional struct {
	text string
	ok   bool
}

// channelText is what a record says of its channel, before it is made a name.
type channelText struct {
	text string
	from channelSource
}

type channelSource uint8

const (
	channelUnknown  channelSource = iota // neither channel nor url
	channelFromName                      // the field channel, or its old name schannel
	channelFromURL                       // the field url, a package's address
	channelNull                          // an empty object: a channel without a name
)

// errMismatch means a record whose file name is not <name>-<version>-<build>.json of its own fields: conda ignores it.
var errMismatch = errors.New("file name does not match the record's name, version and build")

// recordParser parses records; it keeps its scanner and is for one goroutine.
type recordParser struct {
	scan   pyjson.Scanner
	fields [numFields]field
}

// parse reads the record in data, whose file is called file ("x-1.0-0.json", raw bytes of the name). It overwrites data.
// The error is errMismatch where conda ignores the file; any other error is one on which conda gives up the listing.
func (p *recordParser) parse(file string, data []byte) (*record, error) {
	p.fields = [numFields]field{}
	if err := p.scan.Reset(data); err != nil {
		return nil, fmt.Errorf("not readable as JSON: %w", err)
	}
	isObject, err := p.document()
	if err == nil {
		err = p.scan.End()
	}
	if err != nil {
		return nil, fmt.Errorf("not readable as JSON: %w", err)
	}
	id, ok := splitFileName(pyjson.FileName(file))
	if !ok {
		return nil, errors.New("file name has fewer than two dashes (want name-version-build.json)")
	}
	if !isObject {
		return nil, errors.New("not a JSON object")
	}
	for i, f := range []fieldID{fieldName, fieldVersion, fieldBuild} {
		v := &p.fields[f]
		if v.kind == pyjson.Absent {
			return nil, fmt.Errorf("no field %q", [...]string{"name", "version", "build"}[i])
		}
		if v.kind != pyjson.String || v.text() != id[i] {
			err = errMismatch
		}
	}
	if err != nil {
		return nil, err
	}
	return p.record(id), nil
}

// splitFileName cuts name-version-build.json at its last two dashes.
func splitFileName(file string) (id [3]string, ok bool) {
	rest := strings.TrimSuffix(file, ".json")
	for i := 2; i > 0; i-- {
		dash := strings.LastIndexByte(rest, '-')
		if dash < 0 {
			return id, false
		}
		rest, id[i] = rest[:dash], rest[dash+1:]
	}
	id[0] = rest
	return id, true
}

// record makes the record of the scanned fields.
func (p *recordParser) record(id [3]string) *record {
	r := &record{
		name: id[0], version: id[1], build: id[2],
		buildNumber:  string(p.fields[fieldBuildNumber].raw),
		depends:      p.fields[fieldDepends].list,
		anchors:      p.fields[fieldFiles].list,
		url:          p.fields[fieldURL].optional(),
		subdir:       p.fields[fieldSubdir].optional(),
		platform:     p.fields[fieldPlatform].optional(),
		arch:         p.fields[fieldArch].optional(),
		sitePackages: p.fields[fieldSitePackages].optional(),
	}
	r.fileName = p.fields[fieldFn].optional().text
	r.md5 = p.fields[fieldMD5].optional().text
	r.sha256 = p.fields[fieldSHA256].optional().text
	r.license = p.fields[fieldLicense].optional().text
	r.licenseFamily = p.fields[fieldLicenseFamily].optional().text
	r.trackFeatures = p.fields[fieldTrackFeatures].words()
	r.features = p.fields[fieldFeatures].words()
	r.flags = p.fields[fieldFlags].list
	r.channel = p.channel()
	r.problem = p.problem()
	return r
}

// channel picks the text the channel is read from: channel (null counts as missing), else schannel if there is no key
// channel at all, else url.
func (p *recordParser) channel() channelText {
	f := &p.fields[fieldChannel]
	if f.kind == pyjson.Absent {
		f = &p.fields[fieldSchannel]
	}
	switch f.kind {
	case pyjson.String:
		return channelText{text: f.text(), from: channelFromName}
	case pyjson.Object:
		return channelText{from: channelNull}
	case pyjson.Absent, pyjson.Null, pyjson.False, pyjson.True, pyjson.Int, pyjson.Float, pyjson.Array:
	}
	if url := p.fields[fieldURL].optional(); url.ok {
		return channelText{text: url.text, from: channelFromURL}
	}
	return channelText{from: channelUnknown}
}

// document scans the whole document and keeps the fields of interest, the last of equal keys.
func (p *recordParser) document() (isObject bool, err error) {
	s := &p.scan
	kind, err := s.Peek()
	if err != nil {
		return false, err
	}
	if kind != pyjson.Object {
		_, err := s.Skip()
		return false, err
	}
	for first := true; ; first = false {
		key, more, err := s.Key(first)
		if err != nil || !more {
			return true, err
		}
		id, known := fieldIDs[string(key)]
		if !known && bytes.IndexByte(key, '\\') >= 0 {
			id, known = fieldIDs[pyjson.Text(key)]
		}
		if !known {
			if _, err := s.Skip(); err != nil {
				return true, err
			}
			continue
		}
		f := &p.fields[id]
		*f = field{}
		if err := f.scan(s, fieldRules[id]); err != nil {
			return true, err
		}
	}
}
