package condarc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the type of a scalar.
type Kind uint8

// The kinds of scalars. Other stands for keys that are no scalar, or of a type conda has no use for.
const (
	Null Kind = iota
	Bool
	Int
	Float
	Text
	Other
)

// Scalar is a single value. Its zero value is null.
type Scalar struct {
	Kind Kind
	// Text is the value as text, the way conda writes it when it needs text: None, True, False, 17, 1.5, inf.
	// It may be empty only for Text and Other.
	Text string
}

// maxDigits is the number of digits above which conda refuses an integer.
const maxDigits = 4300

// The forms of unquoted scalars that are not text (YAML 1.2 with the extensions of conda's parser: underscores,
// binary and octal integers, dates).
var (
	boolForm  = lazy(`^(?:true|True|TRUE|false|False|FALSE)$`)
	nullForm  = lazy(`^(?:~|null|Null|NULL|)$`)
	intForm   = lazy(`^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)$`)
	floatForm = lazy(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|` +
		`[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	dateForm = lazy(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{4}-[0-9]{2}?-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}` +
		`:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$`)
)

// errType is a value of a type that conda has no use for.
var errType = errors.New("a value conda has no use for")

// plainScalar gives an unquoted text without a tag its type.
func plainScalar(text string) (Scalar, error) {
	switch first := firstByte(text); {
	case first == '_':
		return Scalar{Text, text}, nil
	case boolForm().MatchString(text):
		return boolScalar(text[0] == 't' || text[0] == 'T'), nil
	case floatForm().MatchString(text):
		return floatScalar(text)
	case intForm().MatchString(text):
		return intScalar(text)
	case nullForm().MatchString(text):
		return Scalar{Null, "None"}, nil
	case dateForm().MatchString(text), text == "=", text == "<<":
		return Scalar{Other, text}, errType
	}
	return Scalar{Text, text}, nil
}

// taggedScalar gives a text with an explicit tag its type.
func taggedScalar(tag, text string) (Scalar, error) {
	switch tag {
	case "!!str":
		return Scalar{Text, text}, nil
	case "!!null":
		return Scalar{Null, "None"}, nil
	case "!!int":
		return intScalar(text)
	case "!!float":
		return floatScalar(text)
	case "!!bool":
		switch strings.ToLower(text) {
		case "true", "yes", "on":
			return boolScalar(true), nil
		case "false", "no", "off":
			return boolScalar(false), nil
		}
		return Scalar{}, fmt.Errorf("%q is no truth value", text)
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(strings.Map(base64Letter, text))
		if err == nil && !utf8.Valid(data) {
			err = errors.New("not UTF-8")
		}
		return Scalar{Text, string(data)}, err
	}
	return Scalar{Other, text}, errType
}

// base64Letter drops the characters that are not of base64, which conda passes over.
func base64Letter(r rune) rune {
	if strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", r) {
		return r
	}
	return -1
}

func boolScalar(value bool) Scalar {
	if value {
		return Scalar{Bool, "True"}
	}
	return Scalar{Bool, "False"}
}

// intScalar reads an integer; a leading zero alone does not make it octal.
func intScalar(text string) (Scalar, error) {
	digits := strings.ReplaceAll(text, "_", "")
	sign := ""
	if strings.HasPrefix(digits, "+") || strings.HasPrefix(digits, "-") {
		sign, digits = digits[:1], digits[1:]
	}
	base := 10
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] {
		case 'b':
			base = 2
		case 'o':
			base = 8
		case 'x':
			base = 16
		}
	}
	if base != 10 {
		digits = digits[2:]
	}
	var value big.Int
	if len(digits) > maxDigits {
		return Scalar{}, errors.New("an integer of too many digits")
	}
	if _, ok := value.SetString(strings.Replace(sign, "+", "", 1)+digits, base); !ok {
		return Scalar{}, fmt.Errorf("%q is no integer", text)
	}
	return Scalar{Int, value.String()}, nil
}

// floatScalar reads a number with a fraction or an exponent.
func floatScalar(text string) (Scalar, error) {
	digits := strings.ToLower(strings.ReplaceAll(text, "_", ""))
	if !strings.ContainsAny(digits, ".e") {
		return Scalar{}, fmt.Errorf("%q has neither a point nor an exponent", text)
	}
	switch strings.TrimPrefix(strings.TrimPrefix(digits, "+"), "-") {
	case ".inf":
		digits = strings.Replace(digits, ".inf", "inf", 1)
	case ".nan":
		return Scalar{Float, "nan"}, nil
	}
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return Scalar{}, fmt.Errorf("%q is no number", text)
	}
	return Scalar{Float, formatFloat(value)}, nil
}

// formatFloat writes a number the way Python does: the shortest digits that give the number back, with an exponent
// below 1e-4 and from 1e16 on, and never without a point or an exponent.
func formatFloat(value float64) string {
	if math.IsInf(value, 0) {
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(value, 'g', -1, 64)), "+")
	}
	if size := math.Abs(value); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(value, 'e', -1, 64)
	}
	text := strconv.FormatFloat(value, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// identity is a text that two scalars share exactly if conda takes them for the same key: numbers and truth values
// are compared by value.
func (s Scalar) identity() string {
	switch s.Kind {
	case Null:
		return "null"
	case Text:
		return "text " + s.Text
	case Bool:
		if s.Text == "True" {
			return "number 1"
		}
		return "number 0"
	case Int, Float:
		if value, ok := new(big.Float).SetPrec(256).SetString(s.Text); ok {
			return "number " + value.Text('g', 60)
		}
		return "number " + s.Text
	default:
		return "other " + s.Text
	}
}

// firstByte gives the first byte of a text, or 0.
func firstByte(text string) byte {
	if text == "" {
		return 0
	}
	return text[0]
}
