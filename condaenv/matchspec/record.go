package matchspec

import "kernelindexer/condaenv/channel"

// Record is a package as specs see it: the fields of conda's PackageRecord that a spec can name. An empty text stands
// for a field that is absent or null, which conda compares as the word "None".
type Record struct {
	Name    string // As spelled: specs are in lower case, so a name with capitals is matched by patterns only.
	Version string // Any text; one that is no version is an error only where a spec asks for its place in the order.
	Build   string // Build string, "py311h0_0".

	BuildNumber int64

	// Channel is a channel's name or URL, as in the record of a prefix; conda's default settings tell what it means.
	// Empty, it is taken from URL.
	Channel string
	// ChannelCanonical overrides the canonical name of Channel ("defaults" for "pkgs/main"), for callers who know
	// settings that conda would have read.
	ChannelCanonical string

	Subdir        string // Platform, "linux-64"; empty, it is taken from URL.
	FileName      string // Name of the package file; empty, it is taken from URL or made of name, version and build.
	URL           string
	MD5           string
	SHA256        string
	License       string
	LicenseFamily string

	TrackFeatures []string
	Features      []string
	Flags         []string
}

// subdir is conda's fallback chain without its last step, the platform of the machine. It fails on a URL that conda
// cannot read.
func (r *Record) subdir() (string, error) {
	if r.Subdir != "" || r.URL == "" {
		return r.Subdir, nil
	}
	subdir, _, err := channel.Default().Subdir(channel.Origin{URL: &r.URL})
	return subdir, err
}

// fileName is the name of the package file, or what conda takes for it. It fails on a URL that conda cannot read.
func (r *Record) fileName() (string, error) {
	if r.FileName != "" {
		return r.FileName, nil
	}
	if r.URL != "" {
		if file, err := channel.Default().FileName(r.URL); file != "" || err != nil {
			return file, err
		}
	}
	return r.Name + "-" + r.Version + "-" + r.Build, nil
}

// text returns a field that specs compare as text.
func (r *Record) text(f field) (value string, err error) {
	switch f {
	case fieldSubdir:
		value, err = r.subdir()
	case fieldURL:
		value = r.URL
	case fieldMD5:
		value = r.MD5
	case fieldSHA256:
		value = r.SHA256
	case fieldLicense:
		value = r.License
	case fieldLicenseFamily:
		value = r.LicenseFamily
	case fieldFileName:
		value, err = r.fileName()
	default: // The others are no texts.
	}
	if value == "" {
		value = "None"
	}
	return value, err
}

// words returns a field that specs compare as a list.
func (r *Record) words(f field) []string {
	switch f {
	case fieldTrackFeatures:
		return r.TrackFeatures
	case fieldFeatures:
		return r.Features
	default:
		return r.Flags
	}
}
