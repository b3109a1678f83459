package condaenv

import (
	"strconv"
	"strings"

	"kernelindexer/condaenv/matchspec"
)

// matchRecord is the record as MatchSpecs see it. canonical is the canonical name of its channel.
func (r *record) matchRecord(canonical string) *matchspec.Record {
	m := &matchspec.Record{
		Name: r.name, Version: r.version, Build: r.build, BuildNumber: buildNumber(r.buildNumber),
		ChannelCanonical: canonical,
		Subdir:           r.platformDir(), FileName: r.fileName, URL: r.url.text, MD5: r.md5, SHA256: r.sha256,
		License: r.license, LicenseFamily: r.licenseFamily,
		TrackFeatures: r.trackFeatures, Features: r.features, Flags: r.flags,
	}
	if r.channel.from == channelFromName {
		m.Channel = r.channel.text
	}
	return m
}

// buildNumber is the number of a build; booleans count as 0 and 1, and what no machine word holds as the largest.
func buildNumber(raw string) int64 {
	switch raw {
	case "true":
		return 1
	case "false":
		return 0
	}
	n, _ := strconv.ParseInt(raw, 10, 64) // out of range is the nearest number, and anything else was refused
	return n
}

// platformDir is the record's subdir. Without one it is told by the url (package matchspec does), else by platform and
// arch, as records of 2015 have it; what is left is the platform of the machine, which nothing here depends on.
func (r *record) platformDir() string {
	switch {
	case r.subdir.ok:
		return r.subdir.text
	case r.url.ok && r.url.text != "", !r.platform.ok:
		return ""
	case r.arch.text == "":
		return "noarch"
	case strings.Contains(r.arch.text, "x86") && strings.Contains(r.arch.text, "64"):
		return platformNames[r.platform.text] + "-64"
	case strings.Contains(r.arch.text, "x86"):
		return platformNames[r.platform.text] + "-32"
	}
	return platformNames[r.platform.text] + "-" + r.arch.text
}

// platformNames are the first parts of subdirs by conda's names and values of platforms.
var platformNames = map[string]string{
	"freebsd": "freebsd", "linux": "linux", "win": "win", "win32": "win", "openbsd": "openbsd", "openbsd5": "openbsd",
	"osx": "osx", "darwin": "osx", "zos": "zos", "emscripten": "emscripten", "wasi": "wasi",
}

// distString orders records where conda compares their printed form.
func (e *entry) distString() string {
	dir := e.record.platformDir()
	if dir != "" {
		dir = "/" + dir
	}
	return e.canonical + dir + "::" + e.Name + "-" + e.Version + "-" + e.Build
}
