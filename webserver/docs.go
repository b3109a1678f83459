package webserver

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// docsData is what the page of the API shows.
type docsData struct {
	Title, Version, Description string
	Operations                  []docsOperation
	Schemas                     []docsSchema
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []docsParameter
	Responses                              []docsResponse
}

type docsParameter struct{ Name, In, Schema, Description string }

type docsResponse struct {
	Status, Description string
	Content             []docsContent
}

// docsContent is one form of an answer; Ref is the schema it has, if that has a name.
type docsContent struct{ Type, Ref string }

type docsSchema struct{ Name, Text string }

// newDocsData takes what the page shows from an OpenAPI document.
func newDocsData(document []byte) (docsData, error) {
	data := docsData{
		Title: text(document, "info", "title"), Version: text(document, "info", "version"),
		Description: text(document, "info", "description"),
	}
	components := at(document, "components")
	shared := newDocsComponents(components)
	for path, item := range members(at(document, "paths")) {
		for method, op := range members(item) {
			data.Operations = append(data.Operations, docsOperationOf(shared, path, method, op))
		}
	}
	for name, schema := range members(at(components, "schemas")) {
		if err := schema.Indent(jsontext.WithIndent("  ")); err != nil {
			return data, err
		}
		data.Schemas = append(data.Schemas, docsSchema{name, string(schema)})
	}
	return data, nil
}

// docsComponents are the parameters and answers that several operations share, by the reference to them.
type docsComponents map[string]jsontext.Value

func newDocsComponents(components jsontext.Value) docsComponents {
	shared := docsComponents{}
	for _, kind := range []string{"parameters", "responses"} {
		for name, value := range members(at(components, kind)) {
			shared["#/components/"+kind+"/"+name] = value
		}
	}
	return shared
}

// resolve follows a reference, if the value is one.
func (d docsComponents) resolve(value jsontext.Value) jsontext.Value {
	if shared, ok := d[text(value, "$ref")]; ok {
		return shared
	}
	return value
}

func docsOperationOf(shared docsComponents, path, method string, op jsontext.Value) docsOperation {
	o := docsOperation{
		ID: text(op, "operationId"), Method: strings.ToUpper(method), Path: path,
		Summary: text(op, "summary"), Description: text(op, "description"),
	}
	for p := range elements(at(op, "parameters")) {
		p = shared.resolve(p)
		o.Parameters = append(o.Parameters, docsParameter{
			text(p, "name"), text(p, "in"), string(at(p, "schema")), text(p, "description"),
		})
	}
	for status, r := range members(at(op, "responses")) {
		r = shared.resolve(r)
		response := docsResponse{Status: status, Description: text(r, "description")}
		for kind, form := range members(at(r, "content")) {
			ref := strings.TrimPrefix(text(form, "schema", "$ref"), "#/components/schemas/")
			response.Content = append(response.Content, docsContent{kind, ref})
		}
		o.Responses = append(o.Responses, response)
	}
	return o
}

// elements yields the elements of a JSON array; nothing if it is none.
func elements(array jsontext.Value) func(yield func(jsontext.Value) bool) {
	return func(yield func(jsontext.Value) bool) {
		dec := jsontext.NewDecoder(bytes.NewReader(array))
		if open, err := dec.ReadToken(); err != nil || open.Kind() != '[' {
			return
		}
		for kind := dec.PeekKind(); kind != ']' && kind != 0; kind = dec.PeekKind() {
			value, err := dec.ReadValue()
			if err != nil || !yield(value.Clone()) {
				return
			}
		}
	}
}

// group is a number as people write it: 1,037.
func group(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
