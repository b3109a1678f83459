// Package openapitest holds the answers of a service against its OpenAPI document, more strictly than the document says:
// objects may have no members that it does not describe. (Clients must accept such, or nothing could ever be added;
// tests must not.) It is imported by tests only, and knows neither the routes nor what their errors look like.
package openapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an OpenAPI 3.1 document with what compiles its schemas. One is enough for all tests of a package that are
// not parallel.
type Document struct {
	compiler *jsonschema.Compiler
	root     any
}

// documentURL is what the compiler calls the document.
const documentURL = "openapi.json"

// Parse reads a document, in JSON.
func Parse(data []byte) (*Document, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	seal(root)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	return &Document{c, root}, c.AddResource(documentURL, root)
}

// seal forbids members that a schema does not name.
func seal(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			seal(member)
		}
		if _, named := v["properties"].(map[string]any); named {
			v["additionalProperties"] = false
		}
	case []any:
		for _, element := range v {
			seal(element)
		}
	}
}

// At returns the value at a path of names, references followed, and where it is in the end; nil if there is none.
func (d *Document) At(names ...string) (jsontext.Pointer, any) {
	return d.find(Pointer("", names...))
}

func (d *Document) find(path jsontext.Pointer) (jsontext.Pointer, any) {
	value, at := d.root, jsontext.Pointer("")
	for name := range path.Tokens() {
		value, at = member(value, name), at.AppendToken(name)
		if ref, ok := member(value, "$ref").(string); ok {
			at, value = d.find(target(ref))
		}
	}
	return at, value
}

// target is where a reference within the document leads.
func target(ref string) jsontext.Pointer { return jsontext.Pointer(strings.TrimPrefix(ref, "#")) }

// Pointer is a JSON pointer with names behind it.
func Pointer(p jsontext.Pointer, names ...string) jsontext.Pointer {
	for _, name := range names {
		p = p.AppendToken(name)
	}
	return p
}

func member(value any, name string) any {
	object, _ := value.(map[string]any)
	return object[name]
}

// validate holds a JSON text against the schema at a pointer.
func (d *Document) validate(text []byte, schema jsontext.Pointer) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiled, err := d.compiler.Compile(documentURL + "#" + string(schema))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

// header holds the text of a header against its description.
func header(text string, described any) error {
	data, err := json.Marshal(member(described, "schema"))
	if err != nil {
		return err
	}
	var schema openapi3.Schema
	if err := schema.UnmarshalJSON(data); err != nil {
		return err
	}
	asText := schema.VisitJSON(text, openapi3.EnableJSONSchema2020())
	var value any
	if asText == nil || json.Unmarshal([]byte(text), &value) != nil {
		return asText
	}
	if err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil { // a number
		return errors.Join(asText, err)
	}
	return nil
}
