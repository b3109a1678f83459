// Package pyjson reads JSON exactly as Python's json module does when it is handed bytes, because that is what decides
// whether conda takes a conda-meta record for readable.
//
// It differs from encoding/json in what it accepts: UTF-16 and UTF-32 with and without byte order mark, lone
// surrogates (as \udXXX escapes and as three generalised UTF-8 bytes), NaN, Infinity and -Infinity; and in what it
// refuses: other broken UTF-8 anywhere in the document, raw control characters in strings, integers of more than
// 4300 digits, nesting deeper than [MaxDepth].
//
// A [Scanner] walks a document once, validates every byte of it, and copies nothing: a caller skips the values it does
// not need (four fifths of a conda record) at close to memory speed and takes the spans of those it does.
//
// The package knows JSON only. What the keys of a record mean is its caller's business.
package pyjson
