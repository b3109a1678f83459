package rlib

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"kernelindexer/condaenv/rlib/rds"
)

// ErrMalformed says that R's read.dcf() fails on a DESCRIPTION file, or finds no record in it.
var ErrMalformed = errors.New("malformed DESCRIPTION")

// Description is the first record of a DESCRIPTION file, with the values as
// packageDescription() returns them. The zero value has no fields.
type Description struct {
	names  map[string]bool // Of the fields in all records.
	values map[string]string
}

// ParseDescription reads the text of a DESCRIPTION file, not compressed, as read.dcf()
// does:
//
//   - A record is a group of lines without a blank one (spaces and tabs only) between
//     them. Only the first counts, but all must be well-formed.
//   - A line "name: value" begins a field. The name is what is before the colon,
//     spaces included. Of two fields with the same name the later one counts.
//   - A line that begins with a space or tab continues the field above on a new line. If
//     the field is empty so far there is no line break; a single dot is an empty line.
//   - Spaces and tabs around a value or its continuation are dropped.
//   - LF, CR and CR LF end lines. What follows a NUL byte in a line is ignored.
//
// Any other line is an error, and so are a file without fields and a record that begins
// with a continuation. The error is ErrMalformed.
func ParseDescription(data []byte) (Description, error) {
	p := dcfParser{blank: true, first: Description{
		names:  make(map[string]bool),
		values: make(map[string]string),
	}}
	for lines := (dcfLines{rest: data}); lines.next(); {
		if err := p.line(lines.line); err != nil {
			return Description{}, err
		}
	}
	p.endField()
	if len(p.first.names) == 0 {
		return Description{}, fmt.Errorf("%w: no fields", ErrMalformed)
	}
	return p.first, nil
}

// Get returns the value of the field with that very name.
func (d Description) Get(name string) (value string, ok bool) {
	value, ok = d.values[name]
	return value, ok
}

// Lookup returns what packageDescription(...)$name is in R: the value of the field with
// that very name, or else of the only one whose name begins so. Fields that only later
// records have count as well; they have no value.
func (d Description) Lookup(name string) (value string, ok bool) {
	if d.names[name] {
		return d.Get(name)
	}
	matches := 0
	for n := range d.names {
		if strings.HasPrefix(n, name) {
			matches++
			value, ok = d.Get(n)
		}
	}
	if matches != 1 {
		return "", false
	}
	return value, ok
}

// version returns what the record says of the version. The encoding it may declare is
// ignored; bytes that are not UTF-8 are spelled <nn>.
func (d Description) version() metadata {
	version, ok := d.Lookup("Version")
	return metadata{version: rds.Escape(version), known: ok}
}

// dcfParser takes the lines of a file one by one.
type dcfParser struct {
	first   Description
	records int  // Complete ones.
	blank   bool // The last line was blank, or there was none.
	// The last field of the current record, if inField, and its value so far.
	inField bool
	field   string
	value   []byte
	// emptyLines counts the lines with a single dot that no text has followed yet. R
	// keeps them for the next field if none does.
	emptyLines int
}

func (p *dcfParser) line(line []byte) error {
	switch {
	case len(bytes.Trim(line, " \t")) == 0:
		if !p.blank {
			p.endField()
			p.records++
			p.emptyLines = 0
		}
		p.blank = true
		return nil
	case line[0] == ' ' || line[0] == '\t':
		p.blank = false
		return p.continuation(line)
	default:
		p.blank = false
		return p.newField(line)
	}
}

func (p *dcfParser) newField(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		return fmt.Errorf("%w: no field in line %q", ErrMalformed, excerpt(line))
	}
	p.endField()
	p.inField = true
	p.field = string(name)
	p.value = append(p.value[:0], bytes.Trim(value, " \t")...)
	return nil
}

func (p *dcfParser) continuation(line []byte) error {
	if !p.inField {
		return fmt.Errorf("%w: a record begins with the continuation %q", ErrMalformed, excerpt(line))
	}
	if string(bytes.Trim(line, " \t\n\v\f\r")) == "." {
		p.emptyLines++
		return nil
	}
	if len(p.value) > 0 {
		p.value = append(p.value, '\n')
	}
	for ; p.emptyLines > 0; p.emptyLines-- {
		p.value = append(p.value, '\n')
	}
	p.value = append(p.value, bytes.Trim(line, " \t")...)
	return nil
}

// endField stores the current field, if there is one.
func (p *dcfParser) endField() {
	if p.inField {
		p.first.names[p.field] = true
	}
	if p.inField && p.records == 0 {
		p.first.values[p.field] = string(p.value)
	}
	p.inField = false
}

func excerpt(line []byte) []byte { return line[:min(len(line), 20)] }

// dcfLines splits a text as R's connections do.
type dcfLines struct {
	rest []byte
	line []byte // Without its end, and without what follows a NUL byte.
}

// next moves on to the next line, if there is one.
func (l *dcfLines) next() bool {
	if len(l.rest) == 0 {
		return false
	}
	end := bytes.IndexAny(l.rest, "\r\n")
	if end < 0 {
		l.line, l.rest = l.rest, nil
	} else {
		l.line = l.rest[:end]
		next := end + 1
		if bytes.HasPrefix(l.rest[end:], []byte("\r\n")) {
			next++
		}
		l.rest = l.rest[next:]
	}
	if nul := bytes.IndexByte(l.line, 0); nul >= 0 {
		l.line = l.line[:nul]
	}
	return true
}
