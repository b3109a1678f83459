package testrepo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// DistInfo is one installed Python distribution: the *.dist-info folder that an
// installer leaves in site-packages.
type DistInfo struct {
	// Name and Version are those of METADATA, as the project spells them.
	Name, Version string
	// Installer is the content of INSTALLER: conda, pip, uv, poetry. "" leaves the file out.
	Installer string
	// Requires are the values of Requires-Dist.
	Requires []string
	// Modules are the files that RECORD lists besides the folder's own, relative
	// to site-packages.
	Modules []string
	// DirectURL is the content of direct_url.json, which installers write for
	// what did not come from an index by name. "" leaves the file out.
	DirectURL string
	// Requested marks what the user named, not what came along.
	Requested bool
}

// NewDistInfo returns a distribution as pip installs it from an index, with a
// handful of modules.
func NewDistInfo(name, version string) DistInfo {
	d := DistInfo{Name: name, Version: version, Installer: "pip"}
	for file := range modules(importName(name), newDice("modules", name)) {
		if d.Modules = append(d.Modules, file); len(d.Modules) == 8 {
			break
		}
	}
	return d
}

// Editable turns the distribution into an editable install of the folder dir:
// RECORD lists the .pth file instead of modules.
func (d DistInfo) Editable(dir string) DistInfo {
	d.DirectURL = `{"dir_info": {"editable": true}, "url": "file://` + dir + `"}`
	d.Modules = []string{"__editable__." + escapedName(d.Name) + "-" + d.Version + ".pth"}
	d.Requested = true
	return d
}

// Folder returns the name of the folder in site-packages.
func (d DistInfo) Folder() string { return escapedName(d.Name) + "-" + d.Version + ".dist-info" }

// escapedName is the name as it stands in file names (binary distribution format).
func escapedName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// importName guesses what the distribution's package is called in Python.
func importName(name string) string { return strings.ToLower(escapedName(name)) }

// file is a file to write: a path with slashes and the content.
type file struct {
	name    string
	content []byte
}

// files returns the files of the folder, relative to it.
func (d DistInfo) files() []file {
	list := []file{{"METADATA", d.metadata()}, {"WHEEL", []byte(wheelFile)}}
	if d.Installer != "" {
		list = append(list, file{"INSTALLER", []byte(d.Installer + "\n")})
	}
	if d.Requested {
		list = append(list, file{"REQUESTED", nil})
	}
	if d.DirectURL != "" {
		list = append(list, file{"direct_url.json", []byte(d.DirectURL)})
	}
	return append(list, file{"RECORD", d.record(list)})
}

const wheelFile = "Wheel-Version: 1.0\nGenerator: bdist_wheel (0.43.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

func (d DistInfo) metadata() []byte {
	b := fmt.Appendf(nil, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", d.Name, d.Version)
	b = fmt.Appendf(b, "Summary: Made-up metadata of %s\nAuthor-email: A. Author <author@example.org>\n", d.Name)
	b = append(b, "Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\n"...)
	for _, r := range d.Requires {
		b = fmt.Appendf(b, "Requires-Dist: %s\n", r)
	}
	return fmt.Appendf(b, "\n# %s\n\nThis distribution has metadata but no content.\n", d.Name)
}

// record returns RECORD: each file with its hash and size, itself and bytecode
// without. Only the hashes of files that exist are true.
func (d DistInfo) record(own []file) []byte {
	dice := newDice("record", d.Name, d.Version)
	var b []byte
	for _, m := range d.Modules {
		if strings.HasSuffix(m, ".pyc") {
			b = fmt.Appendf(b, "%s,,\n", m)
			continue
		}
		b = fmt.Appendf(b, "%s,sha256=%s,%d\n", m, base64.RawURLEncoding.EncodeToString(dice.bytes(32)), dice.between(20, 40_000))
	}
	for _, f := range own {
		hash := sha256.Sum256(f.content)
		b = fmt.Appendf(b, "%s/%s,sha256=%s,%d\n", d.Folder(), f.name, base64.RawURLEncoding.EncodeToString(hash[:]), len(f.content))
	}
	return fmt.Appendf(b, "%s/RECORD,,\n", d.Folder())
}
