package processtype

import (
	"errors"
	"fmt"
	"net/url"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// location is the address that a schema is compiled under. Nothing is ever fetched from it.
const location = "https://process-type.invalid/schema"

// compiled is a schema ready for use.
type compiled struct {
	schema *jsonschema.Schema
	mu     sync.Mutex // the counter is shared by all uses of the schema
	steps  *counter
}

// errOutside is the answer to every reference that leads out of a schema.
var errOutside = errors.New("a schema may refer to nothing outside of itself")

type noLoader struct{}

// Load refuses.
func (noLoader) Load(string) (any, error) { return nil, errOutside }

// compile makes a schema of a document, or says what is wrong with it; the pointers begin at the schema.
func compile(document any) (_ *compiled, problems []Problem) {
	defer func() {
		// The library is not ours, and neither is the schema.
		if r := recover(); r != nil {
			problems = []Problem{{Message: short(fmt.Sprintf("cannot be compiled: %v", r))}}
		}
	}()
	steps := &counter{}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(noLoader{})
	compiler.AssertFormat()
	compiler.RegisterVocabulary(&jsonschema.Vocabulary{
		URL: location + "/steps", Schema: &jsonschema.Schema{Bool: new(true)},
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) { return steps, nil },
	})
	compiler.AssertVocabs()
	if err := compiler.AddResource(location, document); err != nil {
		return nil, compileProblems(err)
	}
	schema, err := compiler.Compile(location)
	if err != nil {
		return nil, compileProblems(err)
	}
	return &compiled{schema: schema, steps: steps}, nil
}

// compileProblems says what a compiler's error means for who wrote the schema.
func compileProblems(err error) []Problem {
	var invalid *jsonschema.SchemaValidationError
	var regex *jsonschema.InvalidRegexError
	var load *jsonschema.LoadURLError
	switch {
	case errors.As(err, &invalid):
		var wrong *jsonschema.ValidationError
		if errors.As(invalid.Err, &wrong) {
			return tidy(problemsOf(wrong))
		}
	case errors.As(err, &regex):
		return []Problem{{fragment(regex.URL), fmt.Sprintf("the regular expression %q %s: %v", short(regex.Regex), notRE2, regex.Err)}}
	case errors.As(err, &load):
		return []Problem{{"", fmt.Sprintf("refers to %q: %v", short(load.URL), errOutside)}}
	}
	return []Problem{{"", "is not a JSON Schema: " + short(err.Error())}}
}

// notRE2 is what most people need to hear whose regular expression is refused.
const notRE2 = "is not understood (the syntax is RE2's, without look-around and back-references)"

// fragment returns the JSON pointer at the end of a schema's address.
func fragment(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Fragment
}

// maxSteps is how many times one validation may apply a schema to a value. Honest ones take a few for each value of the
// parameters; without a bound a few lines of allOf in allOf take longer than the age of the universe.
const maxSteps = 1 << 18

// counter counts the steps of a validation. As an extension of every subschema it is asked at each of them, and a panic
// is the one way for it to stop the library.
type counter struct{ left int }

type outOfSteps struct{}

// Validate counts one step.
func (c *counter) Validate(*jsonschema.ValidatorContext, any) {
	if c.left--; c.left < 0 {
		panic(outOfSteps{})
	}
}
