package manifests

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The types that fill the documents are decoded by hand. What the library does by
// itself does not tell the empty name of a package from none, and is slower.

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. A package must have a name.
func (p *Package) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*p = Package{}
	named := false
	err := beginObject(dec)
	for err == nil && dec.PeekKind() == '"' {
		var key []byte
		if key, err = readKey(dec); err != nil {
			return err
		}
		switch string(key) {
		case "name":
			named = dec.PeekKind() == '"'
			err = readText(dec, &p.Name)
		case "version":
			err = readText(dec, &p.Version)
		case "source":
			err = readText(dec, (*string)(&p.Source))
		case "build":
			err = readText(dec, &p.Build)
		case "channel":
			err = readText(dec, &p.Channel)
		default:
			err = dec.SkipValue()
		}
	}
	if err == nil {
		err = skipToken(dec)
	}
	if err == nil && !named {
		return invalid("a package has no name")
	}
	return err
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (r *KernelRef) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*r = KernelRef{}
	err := beginObject(dec)
	for err == nil && dec.PeekKind() == '"' {
		var key []byte
		if key, err = readKey(dec); err != nil {
			return err
		}
		switch string(key) {
		case "kernel_name":
			err = readText(dec, &r.KernelName)
		case "kernel_version":
			err = readText(dec, &r.KernelVersion)
		case "package_version":
			err = readText(dec, &r.PackageVersion)
		case "source":
			err = readText(dec, (*string)(&r.Source))
		case "kernel_language":
			err = readText(dec, &r.KernelLanguage)
		default:
			err = dec.SkipValue()
		}
	}
	if err != nil {
		return err
	}
	return skipToken(dec)
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. A package must have a name.
func (p *PackageEntry) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	named := false
	err := beginObject(dec)
	for err == nil && dec.PeekKind() == '"' {
		var key []byte
		if key, err = readKey(dec); err != nil {
			return err
		}
		switch string(key) {
		case "name":
			named = dec.PeekKind() == '"'
			err = readText(dec, &p.Name)
		case "kernel_count":
			err = json.UnmarshalDecode(dec, &p.KernelCount)
		case "kernels":
			err = json.UnmarshalDecode(dec, &p.Kernels)
		default:
			err = dec.SkipValue()
		}
	}
	if err == nil {
		err = skipToken(dec)
	}
	if err == nil && !named {
		return invalid("a package has no name")
	}
	return err
}

func beginObject(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k != '{' && k != 0 {
		return invalid("%s where an object should be", k)
	}
	return skipToken(dec)
}

// readKey returns a member's name, which is good until the decoder reads on.
func readKey(dec *jsontext.Decoder) ([]byte, error) {
	quoted, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	return unquote(quoted)
}

// readText reads a string, or null for an empty one: the original wrote null
// where it knew nothing.
func readText(dec *jsontext.Decoder, s *string) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case '"':
		text, err := unquote(value)
		*s = toString(text)
		return err
	case 'n':
		*s = ""
		return nil
	}
	return invalid("%s where a string should be", value.Kind())
}

// toString makes a string; the sources, which every row has, are not made anew.
func toString(text []byte) string {
	for _, s := range sources {
		if string(text) == string(s) {
			return string(s)
		}
	}
	return string(text)
}

// unquote returns the text of a JSON string, most often without a copy.
func unquote(value jsontext.Value) ([]byte, error) {
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], nil
	}
	return jsontext.AppendUnquote(nil, value)
}
