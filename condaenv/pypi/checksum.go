package pypi

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// sumPrefix names the only digest that conda knows in a RECORD.
const sumPrefix = "sha256="

// checkSum checks a checksum of RECORD: empty, or "sha256=" and the digest in
// base64. The length of the digest does not matter.
func checkSum(sum []byte) error {
	if len(sum) == 0 {
		return nil
	}
	digest, ok := bytes.CutPrefix(sum, []byte(sumPrefix))
	if !ok {
		return errors.New("does not begin with " + sumPrefix)
	}
	return checkBase64(digest)
}

// checkBase64 checks a digest as conda decodes it: first filled up with "=" by
// its length, which counts foreign characters too, and then given to Python's
// lenient decoder. That takes the ordinary and the URL alphabet, ignores all
// other ASCII characters wherever they stand, and stops at complete padding.
func checkBase64(digest []byte) error {
	digits, pads := 0, 0 // in the last group of four
	padded := false      // a group was filled up: the rest does not count
	for _, c := range digest {
		switch base64Class[c] {
		case base64Digit:
			digits, pads = (digits+1)%4, 0
		case base64Pad:
			if digits >= 2 {
				pads++
				padded = padded || digits+pads >= 4
			}
		case base64Broken:
			return errors.New("not ASCII")
		}
	}
	missing := 4 - len(digest)%4
	if digits >= 2 && digits+pads+missing >= 4 {
		padded = true
	}
	if !padded && digits != 0 {
		return errors.New("cut off in the middle of a group of base64 digits")
	}
	return nil
}

// allBase64Digits reports whether text consists of base64 digits.
func allBase64Digits(text []byte) bool {
	odd := uint8(0)
	for _, c := range text {
		odd |= base64Class[c]
	}
	return odd == base64Digit
}

// The classes of bytes in base64.
const (
	base64Digit = iota // zero, so that one "or" of all tells a text of digits
	base64Foreign
	base64Pad
	base64Broken
)

var base64Class = func() (class [256]uint8) {
	for c := range class {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			c == '+', c == '/', c == '-', c == '_':
			class[c] = base64Digit
		case c == '=':
			class[c] = base64Pad
		case c >= utf8.RuneSelf:
			class[c] = base64Broken
		default:
			class[c] = base64Foreign
		}
	}
	return class
}()
