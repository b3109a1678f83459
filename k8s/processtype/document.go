package processtype

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of any document, schema or parameters. No form and no program comes near them.
const (
	maxDepth    = 100  // values in values
	maxDigits   = 400  // characters of a number
	maxExponent = 1000 // of a number, either way; arithmetic with it is exact
)

// decode reads a JSON document strictly: UTF-8, no name twice in an object, nothing behind it, numbers kept as written.
// It fails on the first thing that is wrong, and says where.
func decode(data []byte) (any, *Problem) {
	decoder := jsontext.NewDecoder(bytes.NewReader(data))
	values := 0
	for {
		token, err := decoder.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, notJSON(data, err)
		}
		at := string(decoder.StackPointer())
		if decoder.StackDepth() > maxDepth {
			return nil, &Problem{Pointer: at, Message: fmt.Sprintf("is nested more than %d levels deep", maxDepth)}
		}
		if decoder.StackDepth() == 0 {
			if values++; values > 1 {
				return nil, &Problem{Message: "has more behind the end of the JSON document"}
			}
		}
		if token.Kind() == '0' && !isSane(token.String()) {
			return nil, &Problem{Pointer: at, Message: "is a number that is out of range"}
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, notJSON(data, err)
	}
	return value, nil
}

// notJSON says what is wrong with the syntax, and where.
func notJSON(data []byte, err error) *Problem {
	var syntactic *jsontext.SyntacticError
	if !errors.As(err, &syntactic) {
		return &Problem{Message: "is not JSON: " + short(err.Error())}
	}
	before := data[:min(int64(len(data)), max(0, syntactic.ByteOffset))]
	line := 1 + bytes.Count(before, []byte("\n"))
	return &Problem{
		Pointer: string(syntactic.JSONPointer),
		Message: fmt.Sprintf("is not JSON: line %d: %s", line, short(syntactic.Err.Error())),
	}
}

// isSane keeps out numbers whose exact value would fill the memory, such as 1e999999999.
func isSane(number string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToLower(number), "e")
	if len(mantissa) > maxDigits {
		return false
	}
	if !ok {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && -maxExponent <= n && n <= maxExponent
}

// countObjects counts the objects in a value.
func countObjects(value any) int {
	n := 0
	switch v := value.(type) {
	case map[string]any:
		n = 1
		for _, child := range v {
			n += countObjects(child)
		}
	case []any:
		for _, child := range v {
			n += countObjects(child)
		}
	}
	return n
}

// encode writes a value as JSON, with the names of objects in order.
func encode(value any) (json.RawMessage, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(buf.Bytes()), nil
}
