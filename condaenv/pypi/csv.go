package pypi

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// maxField is the most characters a field may have (csv.field_size_limit).
const maxField = 131072

// row is a row of comma-separated values, of which RECORD uses three.
type row struct {
	columns int // 0 for an empty line; from 4 on they are not told apart
	fields  [3][]byte
}

// rowReader splits text into rows as Python's csv.reader does in its default
// dialect. The lines of text end in LF and are UTF-8.
type rowReader struct {
	text  []byte // what is left
	plain int    // so many bytes at the beginning of text have no quote
	buf   []byte // the contents of fields that had to be put together
	chars int    // in the field at the end of buf
}

// plainLine takes the next line from the text if it is a row for itself and
// has neither quotes nor overlong fields. If not, splitQuoted must be called.
func (r *rowReader) plainLine() (line []byte, ok bool) {
	end := bytes.IndexByte(r.text, '\n')
	next := end + 1
	if end < 0 {
		end, next = len(r.text), len(r.text)
	}
	if end > r.plain {
		if r.plain = bytes.IndexByte(r.text, '"'); r.plain < 0 {
			r.plain = len(r.text)
		}
	}
	if end > r.plain {
		r.plain = 0
		return nil, false
	}
	r.plain -= next
	if end > maxField {
		return nil, false
	}
	line, r.text = r.text[:end], r.text[next:]
	return line, true
}

// splitPlain splits a line without quotes, which is nearly every line.
func splitPlain(line []byte) row {
	if len(line) == 0 {
		return row{}
	}
	var w row
	for w.columns < len(w.fields) {
		i := bytes.IndexByte(line, ',')
		if i < 0 {
			w.fields[w.columns] = line
			w.columns++
			return w
		}
		w.fields[w.columns] = line[:i]
		w.columns++
		line = line[i+1:]
	}
	w.columns++
	return w
}

// splitQuoted splits the row at the beginning of the text, which plainLine has
// refused. It may span lines: line breaks and commas between quotes belong to a field. A quote in
// the middle of a field is an ordinary character, and so is what follows a
// closing quote; the end of the text closes a quote. The row is good until the
// next call.
func (r *rowReader) splitQuoted() (row, error) {
	var (
		w    row
		ends [3]int // in buf
	)
	r.buf = r.buf[:0]
	for more := true; more; {
		start := len(r.buf)
		var err error
		if more, err = r.field(); err != nil {
			return row{}, err
		}
		if w.columns < len(ends) {
			ends[w.columns] = len(r.buf)
		} else {
			r.buf = r.buf[:start]
		}
		w.columns = min(w.columns+1, len(ends)+1)
	}
	start := 0
	for i := range min(w.columns, len(ends)) {
		w.fields[i] = r.buf[start:ends[i]]
		start = ends[i]
	}
	return w, nil
}

// field moves one field from the text to buf, and takes the comma or the line
// break behind it. It reports whether that was a comma.
func (r *rowReader) field() (more bool, err error) {
	r.chars = 0
	if len(r.text) > 0 && r.text[0] == '"' {
		if err := r.quoted(); err != nil {
			return false, err
		}
	}
	end := bytes.IndexAny(r.text, ",\n")
	if end < 0 {
		end = len(r.text)
	}
	if err := r.move(end); err != nil || len(r.text) == 0 {
		return false, err
	}
	more = r.text[0] == ','
	r.text = r.text[1:]
	return more, nil
}

// quoted moves what is between two quotes to buf, and takes the quotes. A pair
// of quotes stands for one.
func (r *rowReader) quoted() error {
	for {
		r.text = r.text[1:]
		end := bytes.IndexByte(r.text, '"')
		if end < 0 {
			return r.move(len(r.text))
		}
		pair := end+1 < len(r.text) && r.text[end+1] == '"'
		if pair {
			end++ // takes the first of the pair along
		}
		if err := r.move(end); err != nil {
			return err
		}
		if !pair {
			r.text = r.text[1:]
			return nil
		}
	}
}

// move moves n bytes of the text to the field at the end of buf.
func (r *rowReader) move(n int) error {
	r.chars += utf8.RuneCount(r.text[:n])
	if r.chars > maxField {
		return fmt.Errorf("a field of more than %d characters", maxField)
	}
	r.buf = append(r.buf, r.text[:n]...)
	r.text = r.text[n:]
	return nil
}
