package rds

import (
	"math"
	"strconv"
	"strings"
)

// naInt is R's NA among integers and logical values.
const naInt = math.MinInt32

// numberText spells element i of a Logical, Integer or Real vector as as.character()
// does; false for NA and for all other kinds.
func numberText(v *Value, i, scipen int) (string, bool) {
	switch data := v.data.(type) {
	case ints:
		return intText(v.kind, data[i])
	case reals:
		return realText(data[i], scipen)
	case sequence:
		x := data.first + float64(i)*data.step
		if v.kind == Integer {
			return intText(Integer, int32(x))
		}
		return realText(x, scipen)
	default:
		return "", false
	}
}

func intText(kind Kind, n int32) (string, bool) {
	switch {
	case n == naInt:
		return "", false
	case kind == Logical && n == 0:
		return "FALSE", true
	case kind == Logical:
		return "TRUE", true
	default:
		return strconv.Itoa(int(n)), true
	}
}

// naPayload is what the lower half of R's NA holds, among all the NaN.
const naPayload = 1954

// realText spells x with as few digits as tell it apart at 15 significant ones, and
// without an exponent unless that is shorter by more than scipen characters.
func realText(x float64, scipen int) (string, bool) {
	const digits = 15
	switch {
	case math.IsNaN(x) && uint32(math.Float64bits(x)) == naPayload:
		return "", false
	case math.IsNaN(x):
		return "NaN", true
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strconv.FormatFloat(x, 'f', -1, 64), "+"), true
	case x == 0:
		return "0", true
	}
	long := strconv.FormatFloat(x, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(long, "e")
	mantissa = strings.TrimRight(mantissa, "0")
	significant := len(strings.Trim(mantissa, "-.")) - strings.Count(strings.Trim(mantissa, "-."), ".")
	power, _ := strconv.Atoi(exponent)

	decimals := max(0, significant-1-power)
	fixed := strconv.FormatFloat(x, 'f', decimals, 64)
	scientific := strconv.FormatFloat(x, 'e', significant-1, 64)
	if len(fixed) > len(scientific)+scipen {
		return scientific, true
	}
	return fixed, true
}
