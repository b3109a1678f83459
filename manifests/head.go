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

// ReadManifestHead reads a manifest as far as it takes to know whether it still
// holds: the packages are counted and not looked at, which is many times faster
// than [ReadManifest]. Errors are those of ReadManifest, but not all that is
// invalid is found.
func ReadManifestHead(fsys fs.FS, name string) (ManifestHead, error) {
	data, err := readSmall(fsys, name, MaxManifestBytes)
	if err != nil {
		return ManifestHead{}, err
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	var h ManifestHead
	err = beginObject(dec)
	for err == nil && dec.PeekKind() == '"' {
		var key []byte
		if key, err = readKey(dec); err != nil {
			break
		}
		switch string(key) {
		case "kernel_name":
			err = readText(dec, &h.Key.Name)
		case "kernel_version":
			err = readText(dec, &h.Key.Version)
		case "language":
			err = readText(dec, &h.Key.Language)
		case "fingerprint":
			err = readText(dec, &h.Fingerprint)
		case "packages":
			h.Packages, err = countElements(dec)
		default:
			err = dec.SkipValue()
		}
	}
	if err == nil {
		err = skipToken(dec)
	}
	if err != nil {
		return ManifestHead{}, invalid("%s: %w", name, err)
	}
	return h, nil
}

// countElements skips an array.
func countElements(dec *jsontext.Decoder) (n int, err error) {
	if dec.PeekKind() != '[' {
		return 0, invalid("packages is not an array")
	}
	if err := skipToken(dec); err != nil {
		return 0, err
	}
	for dec.PeekKind() != ']' {
		if err := dec.SkipValue(); err != nil {
			return 0, err
		}
		n++
	}
	return n, skipToken(dec)
}
