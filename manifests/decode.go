package manifests

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The types that fill the documents are decoded by hand. What the library does by
// itself does not tell the empty name of a package from none, and is slower.

// unnamed stands for a name that has not been read: it is not UTF-8, so no
// document has it.
const unnamed = "\xff"

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. A package must have a name.
func (p *Package) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*p = Package{Name: unnamed}
	if err := readTexts(dec, p); err != nil {
		return err
	}
	if p.Name == unnamed {
		return invalid("a package has no name")
	}
	return nil
}

func (p *Package) member(name []byte) *string {
	switch string(name) {
	case "name":
		return &p.Name
	case "version":
		return &p.Version
	case "source":
		return (*string)(&p.Source)
	case "build":
		return &p.Build
	case "channel":
		return &p.Channel
	}
	return nil
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (r *KernelRef) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*r = KernelRef{}
	return readTexts(dec, r)
}

func (r *KernelRef) member(name []byte) *string {
	switch string(name) {
	case "kernel_name":
		return &r.KernelName
	case "kernel_version":
		return &r.KernelVersion
	case "package_version":
		return &r.PackageVersion
	case "source":
		return (*string)(&r.Source)
	case "kernel_language":
		return &r.KernelLanguage
	}
	return nil
}

// texts is an object all of whose known members are texts.
type texts interface {
	// member returns where the text of a member goes, nil for one that is not known.
	member(name []byte) *string
}

func readTexts(dec *jsontext.Decoder, v texts) error {
	if err := beginObject(dec); err != nil {
		return err
	}
	for dec.PeekKind() == '"' {
		key, err := readKey(dec)
		if err != nil {
			return err
		}
		if text := v.member(key); text != nil {
			err = readText(dec, text)
		} else {
			err = dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	return skipToken(dec)
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. A package must have a name.
func (p *PackageEntry) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	p.Name = unnamed
	err := beginObject(dec)
	for err == nil && dec.PeekKind() == '"' {
		var key []byte
		if key, err = readKey(dec); err != nil {
			return err
		}
		switch string(key) {
		case "name":
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
	if err == nil && p.Name == unnamed {
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

// readText reads a string. Null leaves it as it is: the original wrote null where
// it knew nothing.
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
