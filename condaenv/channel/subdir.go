package channel

import (
	"runtime"
	"strings"
)

// machinePlatform is what conda calls the kind of machine this program was built for.
var machinePlatform = "linux-" + machineArch(runtime.GOARCH)

// machineArch translates Go's name of a processor.
func machineArch(goarch string) string {
	switch goarch {
	case "amd64":
		return "64"
	case "386":
		return "32"
	case "arm64":
		return "aarch64"
	}
	return goarch
}

// Origin is what a record says of its platform.
type Origin struct {
	Subdir   *string // Nil if absent or null.
	URL      *string // The package's; nil if absent or null.
	Platform *string // The old field with the operating system; nil if absent or null.
	Arch     *string // The old field with the processor; nil if null.
	HasArch  bool    // Whether there is a field arch at all.
}

// osNames are the names of operating systems that differ from what conda makes of them.
var osNames = map[string]string{"win32": "win", "openbsd5": "openbsd", "darwin": "osx"}

// Subdir gives the platform of a package, the field "platform" of `conda list --json`: subdir, else what the URL names
// (then false means that it names none, and that the field is null), else what platform and arch say, else the
// machine's own.
func (s *Settings) Subdir(o Origin) (string, bool, error) {
	switch {
	case o.Subdir != nil:
		return *o.Subdir, true, nil
	case o.URL != nil && *o.URL != "":
		return s.platformOfURL(*o.URL)
	case o.Platform == nil || !o.HasArch:
		subdir, err := s.subdir.get()
		return subdir, true, err
	}
	system := *o.Platform
	if name, differs := osNames[system]; differs {
		system = name
	}
	switch {
	case o.Arch == nil || *o.Arch == "":
		return "noarch", true, nil
	case !strings.Contains(*o.Arch, "x86"):
		return system + "-" + *o.Arch, true, nil
	case strings.Contains(*o.Arch, "64"):
		return system + "-64", true, nil
	}
	return system + "-32", true, nil
}

// platformOfURL gives the platform in the URL of a package. Unlike the channel's name it does not depend on settings
// that only canonical names need.
func (s *Settings) platformOfURL(url string) (string, bool, error) {
	if dir, ok := s.packageFolder(url); ok {
		if c := s.folders.find(dir); c != nil {
			return c.platform, c.platform != "", nil
		}
	}
	c, _, err := s.parse(url)
	return c.platform, c.platform != "", err
}
