package manifests

import (
	"slices"
	"unicode/utf8"
)

// normalize brings a manifest into the form that is written: valid UTF-8,
// packages sorted and never nil. The caller's package slice is not changed; it
// is copied when something has to change, which is rare.
func (m *Manifest) normalize() {
	for _, s := range []*string{
		&m.KernelName, &m.KernelVersion, &m.Language, &m.LanguageVersion,
		&m.Fingerprint, &m.Description, &m.Maintainer, &m.DeprecationNote,
	} {
		*s = cleanText(*s)
	}
	if !isNormal(m.Packages) {
		m.Packages = normalPackages(m.Packages)
	}
	if m.Packages == nil {
		m.Packages = []Package{}
	}
}

func isNormal(packages []Package) bool {
	for _, p := range packages {
		if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Version) ||
			!utf8.ValidString(string(p.Source)) || !utf8.ValidString(p.Build) || !utf8.ValidString(p.Channel) {
			return false
		}
	}
	return slices.IsSortedFunc(packages, comparePackages)
}

func normalPackages(packages []Package) []Package {
	packages = slices.Clone(packages)
	mended := false
	for i := range packages {
		p := &packages[i]
		before := *p
		p.Name, p.Version = cleanText(p.Name), cleanText(p.Version)
		p.Source = Source(cleanText(string(p.Source)))
		p.Build, p.Channel = cleanText(p.Build), cleanText(p.Channel)
		mended = mended || *p != before
	}
	SortPackages(packages)
	if !mended {
		return packages // a package twice is then the caller's mistake
	}
	return slices.Compact(packages)
}
