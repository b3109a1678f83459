package condacmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"kernelindexer/condaenv/pyjson"
)

const maxMessage = 2 << 10 // bytes of a message from conda's JSON that an error quotes

// packages judges the outcome. What was printed goes before how the program ended, because conda explains itself in
// JSON on stdout (conda list, SPEC 1.2); but a list counts only with exit code 0.
func (o *outcome) packages() ([]Package, error) {
	if o.state == nil {
		return nil, o.err
	}
	silent := len(bytes.TrimSpace(o.stdout)) == 0
	list, report, err := decode(o.stdout)
	exited, code := o.state.Exited(), o.state.ExitCode()
	switch {
	case err == nil && report == nil && code == 0:
		return list, nil // complete, even if time was up the next moment
	case o.err != nil:
		return nil, o.err
	case report != nil:
		return nil, report
	case err == nil:
		return nil, reason{"printed a list of packages, but failed", ErrFailed}
	case !exited:
		return nil, reason{"was ended by a signal", ErrFailed}
	case silent && code != 0:
		return nil, reason{"failed and printed nothing", ErrFailed}
	case silent:
		return nil, reason{"printed nothing", ErrAnswer}
	}
	is := ErrAnswer
	if code != 0 {
		is = ErrFailed
	}
	return nil, reason{fmt.Sprintf("printed no list of packages: %v", err), is}
}

// decode reads conda's answer: a list, or the report of a failure. The bytes are used up.
func decode(stdout []byte) ([]Package, *Report, error) {
	// It takes a reader of Python's JSON to read what Python prints: NaN and lone surrogates are part of it.
	var scan pyjson.Scanner
	if err := scan.Reset(stdout); err != nil {
		return nil, nil, err
	}
	kind, err := scan.Peek()
	if err != nil {
		return nil, nil, err
	}
	switch kind {
	case pyjson.Array:
		list, err := decodeList(&scan)
		return list, nil, err
	case pyjson.Object:
		report, err := decodeReport(&scan)
		return nil, report, err
	default:
		return nil, nil, errors.New("neither a JSON array nor an object")
	}
}

func decodeList(scan *pyjson.Scanner) ([]Package, error) {
	list := []Package{}
	for first := true; ; first = false {
		more, err := scan.Elem(first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		p, err := decodePackage(scan)
		if err != nil {
			return nil, fmt.Errorf("package %d: %w", len(list)+1, err)
		}
		list = append(list, p)
	}
	if err := scan.End(); err != nil {
		return nil, err
	}
	return list, nil
}

// decodePackage reads one row. mamba prints the same keys as conda, other tools "build" for "build_string".
func decodePackage(scan *pyjson.Scanner) (Package, error) {
	f, err := members(scan, "name", "version", "build_string", "build", "channel")
	if err != nil {
		return Package{}, err
	}
	for key, v := range f {
		if v.kind != pyjson.String && v.kind != pyjson.Null {
			return Package{}, fmt.Errorf("its %q is not a text", key)
		}
	}
	for _, key := range []string{"name", "version"} {
		if f[key].kind != pyjson.String {
			return Package{}, fmt.Errorf("it has no %q", key)
		}
	}
	build := f["build_string"]
	if build.kind != pyjson.String {
		build = f["build"]
	}
	return Package{Name: f["name"].text, Version: f["version"].text, Build: build.text, Channel: f["channel"].text}, nil
}

// decodeReport reads the object that says what went wrong. Crashes have "error" for "message".
func decodeReport(scan *pyjson.Scanner) (*Report, error) {
	f, err := members(scan, "exception_name", "message", "error")
	if err != nil {
		return nil, err
	}
	if err := scan.End(); err != nil {
		return nil, err
	}
	message := f["message"]
	if message.text == "" {
		message = f["error"]
	}
	report := Report{
		Exception: shorten(printable(f["exception_name"].text), maxLine),
		Message:   shorten(printable(message.text), maxMessage),
	}
	if report == (Report{}) {
		return nil, errors.New("a JSON object that reports no error")
	}
	return &report, nil
}

// value is a member's value; text is what it says if it is a string.
type value struct {
	kind pyjson.Kind
	text string
}

// members reads an object and returns those of the named members that it has. The last of equal keys counts, as in
// Python, and letter case matters.
func members(scan *pyjson.Scanner, names ...string) (map[string]value, error) {
	kind, err := scan.Peek()
	if err != nil {
		return nil, err
	}
	if kind != pyjson.Object {
		return nil, errors.New("it is not a JSON object")
	}
	found := map[string]value{}
	for first := true; ; first = false {
		raw, more, err := scan.Key(first)
		if err != nil || !more {
			return found, err
		}
		key := pyjson.Text(raw)
		if _, err = scan.Peek(); err != nil { // goes past blanks
			return nil, err
		}
		start := scan.Pos()
		kind, err := scan.Skip()
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, key) {
			continue
		}
		v := value{kind: kind}
		if kind == pyjson.String {
			span := scan.Span(start)
			v.text = pyjson.Text(span[1 : len(span)-1])
		}
		found[key] = v
	}
}
