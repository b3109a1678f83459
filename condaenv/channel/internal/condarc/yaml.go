package condarc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// errScan marks a text that cannot be split into YAML tokens. conda passes over a file with this fault, while a text
// whose tokens stand in the wrong order ends its listing.
var errScan = errors.New("not split into YAML tokens")

// grammarFaults are the messages of the YAML library for tokens in the wrong order and for unknown anchors; all its
// other messages are about characters and single tokens.
var grammarFaults = lazy(`unknown anchor|found undefined tag handle|found incompatible YAML document|` +
	`found duplicate %|did not find expected (<|node content|'-' indicator|key|',' or)`)

// versionDirective finds the minor version of a %YAML 1.x line.
var versionDirective = lazy(`(?m)\A((?:[ \t]*(?:#[^\n]*)?\n)*%YAML[ \t]+1\.)([0-9]+)`)

// parse reads a configuration file into the parameters of its top-level mapping. An empty file, and one that holds only
// an empty or false value, sets nothing.
//
// The dialect is YAML 1.2 as conda's parser has it: yes and no are text, a repeated key is an error, and a value
// that is no text, number, truth value, null, list or mapping (a date, an unknown tag) is an error wherever it stands.
func parse(data []byte) ([]entry, error) {
	text, err := decodeText(data)
	if err != nil {
		return nil, err
	}
	root, err := parseDocument([]byte(text))
	if err != nil || root == nil {
		return nil, err
	}
	b := builder{comments: newComments(text), budget: maxNodes}
	return b.document(root)
}

// decodeText checks the encoding and the characters, makes all line ends line feeds, and drops a byte order mark.
func decodeText(data []byte) (string, error) {
	if !utf8.Valid(data) {
		return "", errors.New("not UTF-8")
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	for i, r := range text {
		if !printable(r) {
			return "", fmt.Errorf("%w: character U+%04X at byte %d", errScan, r, i)
		}
	}
	if hasLooseTab(text) {
		return "", fmt.Errorf("%w: a tab between tokens", errScan)
	}
	return text, nil
}

// printable tells whether YAML allows the character in a text.
func printable(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == 0x85:
		return true
	case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff:
		return false
	}
	return true
}

// parseDocument reads the only document of a text. It returns nil for a text without one.
func parseDocument(text []byte) (root *yaml.Node, err error) {
	defer func() {
		// The library reports its own slips by a panic; a foreign file must not end the program by one.
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("the YAML library failed: %v", r)
		}
	}()
	// The library insists on version 1.1, conda's parser takes every 1.x.
	text = versionDirective().ReplaceAll(text, []byte("${1}1"))
	text, restore := hideQuestionMarks(text)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, classify(err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, errors.New("more than one document")
	case !errors.Is(err, io.EOF):
		return nil, classify(err)
	}
	restore(doc.Content[0])
	return doc.Content[0], nil
}

// innerQuestionMark is a question mark that is not the first character of a word.
var innerQuestionMark = lazy(`([^ \t\n\[{,])\?`)

// hideQuestionMarks puts another character in the place of question marks inside of words, which the library does not
// take between brackets: [https://host/path?query]. It gives a function that undoes this in the scalars of a document.
func hideQuestionMarks(text []byte) ([]byte, func(*yaml.Node)) {
	const substitute = "\ue0f7" // For private use: if a text has it, that text is left as it is.
	if bytes.Contains(text, []byte(substitute)) || !innerQuestionMark().Match(text) {
		return text, func(*yaml.Node) {}
	}
	var restore func(*yaml.Node)
	restore = func(n *yaml.Node) {
		n.Value = strings.ReplaceAll(n.Value, substitute, "?")
		for _, child := range n.Content {
			restore(child)
		}
	}
	return innerQuestionMark().ReplaceAll(text, []byte("${1}"+substitute)), restore
}

// classify marks an error of the YAML library with errScan if conda would pass over the file for it.
func classify(err error) error {
	if grammarFaults().MatchString(err.Error()) {
		return err
	}
	return fmt.Errorf("%w: %w", errScan, err)
}
