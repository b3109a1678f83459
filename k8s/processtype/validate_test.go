package processtype_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/processtype"
)

const everything = `{"t":{"schema":{
  "type": "object", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-zé]*$"},
    "mode": {"enum": ["fast", "slow", 1]},
    "count": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "ratio": {"exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
    "step": {"multipleOf": 0.1},
    "input": {"type": "string", "format": "uri", "x-format": "dataset"},
    "when": {"format": "date-time"},
    "note": {"format": "textarea"},
    "list": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3, "uniqueItems": true},
    "a/b~c": {"type": "object", "properties": {"in": {"type": "boolean"}}, "required": ["in"]},
    "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "one": {"oneOf": [{"minimum": 1}, {"maximum": 2}]},
    "never": false, "not": {"not": {"const": 1}}, "const": {"const": {"x": 1}},
    "ref": {"$ref": "#/$defs/positive"}, "null": {"type": ["null", "string"]}
  },
  "$defs": {"positive": {"type": "number", "exclusiveMinimum": 0}}
}}}`

// TestValidate is what is said of parameters, and where.
func TestValidate(t *testing.T) {
	set := parse(t, everything)
	type problems = []processtype.Problem
	ok := func(rest string) string { return `{"name":"abc"` + rest + `}` }
	for _, c := range []struct {
		parameters string
		want       problems
	}{
		{ok(``), nil},
		{ok(`,"mode":1,"count":1e3,"ratio":0.25,"step":0.3,"input":"s3://bucket/x","when":"2026-01-02T03:04:05Z","note":"any","list":[1,2],"a/b~c":{"in":true},"either":1,"one":0,"ref":1,"null":null`), nil},
		{ok(`,"count":1.0`), nil},
		{`{"name":"éé"}`, nil},
		{`{}`, problems{{"/name", "is required"}}},
		{`{"name":"a"}`, problems{{"/name", "has 1 characters, must have at least 2"}}},
		{`{"name":"abcde"}`, problems{{"/name", "has 5 characters, may have at most 4"}}},
		{`{"name":"ABC"}`, problems{{"/name", "does not match the pattern ^[a-zé]*$"}}},
		{`{"name":null}`, problems{{"/name", "must be string, is null"}}},
		{ok(`,"mode":"quick"`), problems{{"/mode", "value must be one of 'fast', 'slow', 1"}}},
		{ok(`,"count":0`), problems{{"/count", "must be at least 1"}}},
		{ok(`,"count":1000001`), problems{{"/count", "must be at most 1000000"}}},
		{ok(`,"count":1.5`), problems{{"/count", "must be integer, is number"}}},
		{ok(`,"count":"1"`), problems{{"/count", "must be integer, is string"}}},
		{ok(`,"ratio":0`), problems{{"/ratio", "must be more than 0"}}},
		{ok(`,"ratio":0.5`), problems{{"/ratio", "must be less than 0.5"}}},
		{ok(`,"step":0.35`), problems{{"/step", "multipleOf: got 0.35, want 0.1"}}},
		{ok(`,"input":"not a uri"`), problems{{"/input", "is not a valid uri: "}}},
		{ok(`,"when":"yesterday"`), problems{{"/when", "is not a valid date-time: "}}},
		{ok(`,"list":[]`), problems{{"/list", "has 0 items, must have at least 1"}}},
		{ok(`,"list":[1,2,3,4]`), problems{{"/list", "has 4 items, may have at most 3"}}},
		{ok(`,"list":[1,"x"]`), problems{{"/list/1", "must be number, is string"}}},
		{ok(`,"list":[1,1.0]`), problems{{"/list", "items at 0 and 1 are equal"}}},
		{ok(`,"a/b~c":{}`), problems{{"/a~1b~0c/in", "is required"}}},
		{ok(`,"a/b~c":{"in":0}`), problems{{"/a~1b~0c/in", "must be boolean, is number"}}},
		{ok(`,"either":null`), problems{{"/either", "fits none of the alternatives"}, {"/either", "must be integer, is null"}, {"/either", "must be string, is null"}}},
		{ok(`,"one":1.5`), problems{{"/one", "fits more than one of the alternatives"}}},
		{ok(`,"never":0`), problems{{"/never", "is not allowed"}}},
		{ok(`,"not":1`), problems{{"/not", "is what it must not be"}}},
		{ok(`,"const":1`), problems{{"/const", "'const' failed"}}},
		{ok(`,"ref":-1`), problems{{"/ref", "must be more than 0"}}},
		{ok(`,"x":1,"y":2`), problems{{"/x", "is not a parameter of this process type"}, {"/y", "is not a parameter of this process type"}}},
		{`{"count":0,"mode":2}`, problems{{"/count", "must be at least 1"}, {"/mode", "value must be one of 'fast', 'slow', 1"}, {"/name", "is required"}}},
		{`[]`, problems{{"", "parameters must be an object"}}},
		{`"x"`, problems{{"", "parameters must be an object"}}},
		{``, problems{{"", "is not JSON: "}}},
		{`{"name":"abc","name":"abc"}`, problems{{"/name", "is not JSON: "}}},
		{`{"name":"abc"} x`, problems{{"", "is not JSON: "}}},
		{ok(`,"count":1e1000000`), problems{{"/count", "is a number that is out of range"}}},
		{ok(`,"count":1e-5000`), problems{{"/count", "is a number that is out of range"}}},
	} {
		t.Run(c.parameters, func(t *testing.T) {
			got, err := set.Validate("t", []byte(c.parameters))
			if err != nil {
				t.Fatal(err)
			}
			for i := range min(len(got), len(c.want)) { // the rest of some messages is the library's
				if strings.HasSuffix(c.want[i].Message, ": ") && strings.HasPrefix(got[i].Message, c.want[i].Message) {
					got[i].Message = c.want[i].Message
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error("(-want +got)\n", diff)
			}
		})
	}
	if _, err := set.Validate("none", []byte("{}")); !errors.Is(err, processtype.ErrUnknownType) {
		t.Errorf("unknown type: %v", err)
	}
}

// TestObjectsOnly: parameters are an object even where the schema would take anything.
func TestObjectsOnly(t *testing.T) {
	got, err := parse(t, `{"t":{"schema":{}}}`).Validate("t", []byte("1"))
	if err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNoRunaway: schemas whose evaluation would not end are cut off in time, and the type is usable again afterwards.
func TestNoRunaway(t *testing.T) {
	var tower strings.Builder // each level twice the next
	for i := range 60 {
		fmt.Fprintf(&tower, `"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	set := parse(t, `{
	  "tower":{"schema":{"$ref":"#/$defs/d0","$defs":{`+tower.String()+`"d60":{"type":"object"}}}},
	  "negated":{"schema":{"$ref":"#/$defs/d0","$defs":{`+strings.ReplaceAll(tower.String(), "allOf", "anyOf")+`"d60":{"type":"string"}}}},
	  "tree":{"schema":{"properties":{"x":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}}}},
	  "circle":{"schema":{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}}}`)
	deep := strings.Repeat(`{"x":`, 90) + "1" + strings.Repeat("}", 90)
	began := time.Now()
	for name, parameters := range map[string]string{"tower": "{}", "negated": "{}", "tree": deep} {
		got, err := set.Validate(name, []byte(parameters))
		if err != nil || len(got) != 1 || !strings.Contains(got[0].Message, "too many steps") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := set.Validate("circle", []byte("{}")); err != nil || len(got) != 1 {
		t.Errorf("circle: %v, %v", got, err)
	}
	if got, err := set.Validate("tree", []byte(`{"x":{"x":{}}}`)); err != nil || len(got) != 0 {
		t.Errorf("afterwards: %v, %v", got, err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	set := parse(t, everything)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got, err := set.Validate("t", []byte(`{"name":"a","list":[1,"x"]}`)); err != nil || len(got) != 2 {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
	all.Wait()
}

// FuzzParse: any file is a set or has problems; a set can be asked and validates anything without failing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(seed), []byte(`{"input_data":"s3://x"}`))
	f.Add([]byte(everything), []byte(`{"name":"abc","list":[1,2],"ref":1e5}`))
	f.Add([]byte(`{"t":{"schema":{"$ref":"#/$defs/a","$defs":{"a":{"$dynamicRef":"#x"}}}}}`), []byte(`{"a":{}}`))
	f.Add([]byte(`{"t":{"schema":{"$id":"urn:x","unevaluatedProperties":false,"if":{"contains":{}}}}}`), []byte(`{"a":[]}`))
	f.Fuzz(func(t *testing.T, file, parameters []byte) {
		set, err := processtype.Parse(file)
		if err != nil {
			var wrong *processtype.Error
			if !errors.As(err, &wrong) || len(wrong.Problems) == 0 || len(wrong.Problems) > 100 {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, name := range set.Names() {
			if _, ok := set.Schema(name); !ok {
				t.Fatalf("%q has no schema", name)
			}
			problems, err := set.Validate(name, parameters)
			if err != nil || len(problems) > 100 {
				t.Fatalf("%d problems, %v", len(problems), err)
			}
		}
	})
}
