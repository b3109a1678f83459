package pypi

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
)

// checkRecord checks the rows of a RECORD as conda does when it takes the
// installed files into the package's record: path, checksum, size (conda list,
// SPEC 6.5). Rows of other than three columns are not checked, empty lines are
// wrong. text must be as readText returns it.
//
// below is put before the paths; it is the name of the egg-info folder for an
// installed-files.txt, else empty. python is the version of Python or empty.
func checkRecord(text []byte, below, python string) error {
	noPython := python != "" && !hasMinor(python)
	rows := rowReader{text: text}
	for len(rows.text) > 0 {
		begin := len(text) - len(rows.text)
		line, plain := rows.plainLine()
		if plain && !noPython && isUsual(line) {
			continue
		}
		w, err := splitPlain(line), error(nil)
		if !plain {
			w, err = rows.splitQuoted()
		}
		if err == nil {
			err = checkRow(w)
		}
		if err == nil && noPython && isPythonFile(below, string(w.fields[0])) {
			err = fmt.Errorf("a Python file for Python %s, which has no minor version", python)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:begin], []byte("\n")), err)
		}
	}
	return nil
}

// isUsual reports whether a line without quotes is certainly good, which nearly
// all are: it ends in two empty columns, or in a checksum of the usual length
// and a number. More commas before that do no harm, as only rows of three
// columns are checked. The time for a listing is spent here.
func isUsual(line []byte) bool {
	n := len(line)
	if n >= 2 && line[n-1] == ',' && line[n-2] == ',' {
		return true
	}
	for n > 0 && '0' <= line[n-1] && line[n-1] <= '9' {
		n--
	}
	const sumLen = len(sumPrefix) + 43 // 32 bytes in base64
	if n == len(line) || len(line)-n > maxIntDigits || n < sumLen+2 || line[n-1] != ',' || line[n-sumLen-2] != ',' {
		return false
	}
	sum := line[n-sumLen-1 : n-1]
	return string(sum[:len(sumPrefix)]) == sumPrefix && allBase64Digits(sum[len(sumPrefix):])
}

// checkRow checks one row.
func checkRow(w row) error {
	switch w.columns {
	case 0:
		return errors.New("an empty line")
	case 3:
		if err := checkSum(w.fields[1]); err != nil {
			return fmt.Errorf("checksum %s: %w", quote(string(w.fields[1])), err)
		}
		if size := w.fields[2]; len(size) > 0 && !isInt(size) {
			return fmt.Errorf("size %s is not an integer", quote(string(size)))
		}
	}
	return nil
}

// hasMinor reports whether conda finds a major and a minor number in a version
// of Python: at the beginning with a dot between them, else any two digits.
func hasMinor(python string) bool {
	return leadingMinor.MatchString(python) || len(anyDigit.FindAllStringIndex(python, 2)) == 2
}

var (
	leadingMinor = regexp.MustCompile(`^[0-9]+\.[0-9]`)
	anyDigit     = regexp.MustCompile(`\p{Nd}`)
	pythonFile   = regexp.MustCompile(`^[^\t\n\r\f\v]+/site-packages/[^\t\n\r\f\v]+\.py\n?$`)
)

// isPythonFile reports whether conda looks for the compiled twin of a file.
// Only asked for a Python without minor version, for which the name of the
// twin cannot be told.
func isPythonFile(below, name string) bool {
	return name != "" && pythonFile.MatchString(path.Join("lib/pythonNone/site-packages", below, name))
}
