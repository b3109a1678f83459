package process

import (
	"errors"
	"strings"
)

// ErrQuote is the error of [SplitCommand] for a quote that is not closed.
var ErrQuote = errors.New("a quote is not closed")

// ErrEscape is the error of [SplitCommand] for a backslash at the end.
var ErrEscape = errors.New("nothing follows a backslash")

// SplitCommand splits a command into words as the Docker SDK does for a command
// that is one string: Python's shlex.split in POSIX mode, without comments. No
// shell is involved: variables, globs and operators are ordinary text.
func SplitCommand(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	started := false // also an empty pair of quotes starts a word
	for i := 0; i < len(command); i++ {
		switch b := command[i]; b {
		case ' ', '\t', '\r', '\n':
			if started {
				words, started = append(words, word.String()), false
				word.Reset()
			}
		case '\\':
			if i++; i == len(command) {
				return nil, ErrEscape
			}
			word.WriteByte(command[i])
			started = true
		case '\'', '"':
			end, err := quoted(&word, command, i)
			if err != nil {
				return nil, err
			}
			i, started = end, true
		default:
			word.WriteByte(b)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted appends the text of the quote that opens at i, and returns where it
// closes. Within double quotes a backslash escapes a backslash and the quote,
// and stays before anything else, a dollar or a newline included.
func quoted(word *strings.Builder, command string, i int) (int, error) {
	quote := command[i]
	for i++; i < len(command); i++ {
		b := command[i]
		if b == quote {
			return i, nil
		}
		if b == '\\' && quote == '"' {
			if i+1 == len(command) {
				return 0, ErrEscape
			}
			if next := command[i+1]; next == '\\' || next == '"' {
				b = next
				i++
			}
		}
		word.WriteByte(b)
	}
	return 0, ErrQuote
}
