package processtype_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/processtype"
)

// seed is the example of the format's description.
const seed = `{
  "fft": {"schema": {"type": "object",
    "properties": {"input_data": {"type": "string", "format": "uri", "x-format": "dataset", "title": "Input Dataset"}},
    "required": ["input_data"]}},
  "inversion": {"schema": {"type": "object",
    "properties": {
      "input_data": {"type": "string", "format": "uri", "x-format": "dataset", "title": "AEM Data"},
      "alpha": {"type": "number", "default": 0.01, "title": "Regularization Parameter"}},
    "required": ["input_data"]}}
}`

func parse(t *testing.T, text string) *processtype.Set {
	t.Helper()
	set, err := processtype.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestSet(t *testing.T) {
	set := parse(t, seed)
	if diff := cmp.Diff([]string{"fft", "inversion"}, set.Names()); diff != "" {
		t.Error(diff)
	}
	if string(set.Raw()) != seed {
		t.Error("the file has changed")
	}
	schema, ok := set.Schema("fft")
	want := `{"properties":{"input_data":{"format":"uri","title":"Input Dataset","type":"string","x-format":"dataset"}},"required":["input_data"],"type":"object"}`
	if !ok || string(schema) != want {
		t.Errorf("schema %s", schema)
	}
	if _, ok := set.Schema("none"); ok || set.Has("none") || !set.Has("inversion") {
		t.Error("there is a type that is not there, or the other way round")
	}
	if empty := parse(t, "{}"); len(empty.Names()) != 0 {
		t.Error("an environment without types has some")
	}
	// Numbers stay as written, and so do characters that HTML minds.
	exact := parse(t, `{"t":{"schema":{"minimum":0.10000000000000000001,"title":"a<b & 1e3","maximum":1e3}}}`)
	if schema, _ := exact.Schema("t"); string(schema) != `{"maximum":1e3,"minimum":0.10000000000000000001,"title":"a<b & 1e3"}` {
		t.Errorf("schema %s", schema)
	}
}

// TestRefusedFiles is what is wrong with files, and where.
func TestRefusedFiles(t *testing.T) {
	schema := func(text string) string { return `{"t":{"schema":` + text + `}}` }
	nested := strings.Repeat(`{"not":`, 120) + "{}" + strings.Repeat("}", 120)
	many := `{` + strings.TrimSuffix(strings.Repeat(`"x":{"schema":{}},`, 501), ",") + `}`
	for i := range 501 {
		many = strings.Replace(many, `"x"`, fmt.Sprintf(`"t%d"`, i), 1)
	}
	for _, c := range []struct{ name, file, pointer, says string }{
		{"empty", ``, "", "not JSON"},
		{"not JSON", `{"fft": {"schema": {`, "/fft/schema", "line 1"},
		{"the line", "{\n\"fft\":\n nope}", "/fft", "line 3"},
		{"not UTF-8", "{\"f\xff\": {}}", "", "not JSON"},
		{"NaN, as Python writes it", `{"t":{"schema":{"default":NaN}}}`, "/t/schema/default", "not JSON"},
		{"two documents", `{} {}`, "", "more behind"},
		{"a name twice", `{"a":{"schema":{}},"a":{"schema":{}}}`, "/a", "duplicate"},
		{"a list", `[]`, "", "an object of process types"},
		{"null", `null`, "", "an object of process types"},
		{"no name", `{"":{"schema":{}}}`, "/", "name"},
		{"a long name", `{"` + strings.Repeat("n", 129) + `":{"schema":{}}}`, "/" + strings.Repeat("n", 129), "128"},
		{"a name with a line break", `{"a\nb":{"schema":{}}}`, "/a\nb", "cannot be seen"},
		{"a name with a blank", `{" a":{"schema":{}}}`, "/ a", "blanks"},
		{"no entry", `{"a/b":1}`, "/a~1b", "schema"},
		{"no schema", `{"a~b":{}}`, "/a~0b/schema", "object"},
		{"the schema is true", schema(`true`), "/t/schema", "object"},
		{"deep", schema(nested), "/t/schema" + strings.Repeat("/not", 98), "100 levels"},
		{"too many types", many, "", "500"},
		{"too large", `{"t":"` + strings.Repeat("x", 5<<20) + `"}`, "", "4194304 bytes"},
		{"too many objects", schema(`{"enum":[` + strings.Repeat("{},", 10_000) + `{}]}`), "/t/schema", "10000 objects"},
		{"a wrong type", schema(`{"type":"text"}`), "/t/schema/type", "none of the alternatives"},
		{"a wrong keyword", schema(`{"properties":{"a":{"minLength":-1}}}`), "/t/schema/properties/a/minLength", "at least 0"},
		{"look-ahead", schema(`{"properties":{"a":{"pattern":"^(?=x)"}}}`), "/t/schema/properties/a/pattern", "RE2"},
		{"a regular expression as a name", schema(`{"patternProperties":{"(":{}}}`), "/t/schema", "RE2"},
		{"a file", schema(`{"$ref":"file:///etc/passwd"}`), "/t/schema", "outside"},
		{"another place", schema(`{"$ref":"http://169.254.169.254/x"}`), "/t/schema", "outside"},
		{"a relative place", schema(`{"$ref":"other.json"}`), "/t/schema", "outside"},
		{"a file by an identity", schema(`{"$id":"file:///etc/","$ref":"passwd"}`), "/t/schema", "outside"},
		{"another language", schema(`{"$schema":"https://example.org/my"}`), "/t/schema", "outside"},
		{"nothing there", schema(`{"$ref":"#/$defs/none"}`), "/t/schema", "none"},
		{"a number without bounds", schema(`{"minimum":1e999999999}`), "/t/schema/minimum", "out of range"},
		{"a number without end", schema(`{"minimum":` + strings.Repeat("1", 500) + `}`), "/t/schema/minimum", "out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processtype.Parse([]byte(c.file))
			var wrong *processtype.Error
			if !errors.As(err, &wrong) || len(wrong.Problems) == 0 {
				t.Fatalf("error %v", err)
			}
			if got := wrong.Problems[0]; got.Pointer != c.pointer || !strings.Contains(got.Message, c.says) {
				t.Errorf("got %q at %q, want %q at %q", got.Message, got.Pointer, c.says, c.pointer)
			}
			if !strings.HasPrefix(err.Error(), "process_schemas.json: ") {
				t.Error(err)
			}
		})
	}
}

// TestAllProblemsAtOnce: every type is looked at, and there is an end to the list.
func TestAllProblemsAtOnce(t *testing.T) {
	var file strings.Builder
	for i := range 200 {
		fmt.Fprintf(&file, `,"t%03d":{"schema":{"type":%d}}`, i, i)
	}
	_, err := processtype.Parse([]byte("{" + file.String()[1:] + "}"))
	var wrong *processtype.Error
	if !errors.As(err, &wrong) || len(wrong.Problems) != 100 {
		t.Fatalf("%d problems", len(wrong.Problems))
	}
	if !strings.HasSuffix(err.Error(), "and 97 more") || wrong.Problems[0].Pointer != "/t000/schema/type" {
		t.Error(err, wrong.Problems[0])
	}
}

// TestDrafts: older drafts may be named, and their words then mean what they meant.
func TestDrafts(t *testing.T) {
	const words = `"definitions":{"s":{"type":"string"}},"properties":{"a":{"type":"array","items":[{"$ref":"#/definitions/s"}]}}}`
	old := parse(t, `{"t":{"schema":{"$schema":"http://json-schema.org/draft-07/schema#",`+words+`}}`)
	for parameters, want := range map[string]int{`{"a":["x"]}`: 0, `{"a":[1]}`: 1} {
		if got, err := old.Validate("t", []byte(parameters)); err != nil || len(got) != want {
			t.Errorf("%s: %v, %v", parameters, got, err)
		}
	}
	if _, err := processtype.Parse([]byte(`{"t":{"schema":{` + words + `}}`)); err == nil {
		t.Error("2020-12 has no list of items")
	}
}
