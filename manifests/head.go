package manifests

import (
	"bytes"
	"io/fs"

	"github.com/go-json-experiment/json/jsontext"
)

// ManifestHead is what a manifest says beside its packages.
type ManifestHead struct {
	Key         KernelKey
	Fingerprint string
	Packages    int // how many
}

// ReadManifestHead reads of a manifest what it takes to know whether it still
// holds, many times faster than [ReadManifest]. It knows only the layout that
// [Manifest.Encode] gives: a member of the document begins a line with two
// spaces, and a package is a line with a brace behind four. (JSON has no line
// breaks within a string.) Of a manifest with another layout the head is empty
// or has no fingerprint, so that it is taken for none of ours. What is invalid
// elsewhere is not found. Errors are those of ReadManifest.
func ReadManifestHead(fsys fs.FS, name string) (ManifestHead, error) {
	data, err := readSmall(fsys, name, MaxManifestBytes)
	if err != nil {
		return ManifestHead{}, err
	}
	if !bytes.HasPrefix(data, []byte("{\n")) || !bytes.HasSuffix(data, []byte("\n}\n")) {
		return ManifestHead{}, invalid("%s: not as this program writes it", name)
	}
	packages := bytes.Index(data, []byte("\n  \"packages\": [")) // names stand before, the fingerprint behind
	if packages < 0 {
		return ManifestHead{}, invalid("%s: no packages", name)
	}
	return ManifestHead{
		Key: KernelKey{
			Language: lineMember(data[:packages], "language"),
			Name:     lineMember(data[:packages], "kernel_name"),
			Version:  lineMember(data[:packages], "kernel_version"),
		},
		Fingerprint: lineMember(data[packages:], "fingerprint"),
		Packages:    bytes.Count(data[packages:], []byte("\n    {")),
	}, nil
}

// lineMember returns the text of a member that has a line to itself.
func lineMember(data []byte, name string) string {
	_, rest, found := bytes.Cut(data, []byte("\n  \""+name+"\": "))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	text, err := jsontext.AppendUnquote(nil, bytes.TrimSuffix(value, []byte(",")))
	if err != nil {
		return ""
	}
	return string(text)
}
