package condaenv

import (
	"bytes"

	"kernelindexer/condaenv/pyjson"
)

// paths_data and link are read for one reason only: conda gives up on an environment in which they are not what it
// expects. paths_data is three quarters of all bytes of conda-meta, so its loop is the hot one of the whole program.

// check is what is known of a key: nothing, a good value, or a bad one. Of equal keys the last counts.
type check uint8

const (
	unseen check = iota
	good
	bad
)

func checked(ok bool) check {
	if ok {
		return good
	}
	return bad
}

// The keys of an entry of paths_data.paths (conda.models.records.PathDataV1).
const (
	pathPath = iota
	pathType
	pathPrefixPlaceholder
	pathFileMode
	pathSHA256
	pathSHA256InPrefix
	pathSize
	pathInodes
	pathReserved
	numPathKeys
)

const reservedKey = "has a key that conda cannot take"

// scanPathsData takes paths_data where it is an object, and says what is wrong with it.
func scanPathsData(s *pyjson.Scanner) (problem string, err error) {
	var version, paths check
	pathsProblem := ""
	for first := true; ; first = false {
		key, more, err := s.Key(first)
		if err != nil {
			return "", err
		}
		if !more {
			break
		}
		switch string(plainKey(key)) {
		case "paths_version":
			kind, err := s.Skip()
			if err != nil {
				return "", err
			}
			version = checked(isIntKind(kind))
		case "paths":
			if pathsProblem, err = scanPaths(s); err != nil {
				return "", err
			}
			paths = good
		case "cls":
			problem = reservedKey
			fallthrough
		default:
			if _, err := s.Skip(); err != nil {
				return "", err
			}
		}
	}
	switch {
	case problem != "":
	case version != good:
		problem = "has no integer paths_version"
	case paths != good:
		problem = "has no paths"
	default:
		problem = pathsProblem
	}
	return problem, nil
}

// scanPaths takes the value of paths_data.paths.
func scanPaths(s *pyjson.Scanner) (problem string, err error) {
	kind, err := s.Peek()
	if err != nil {
		return "", err
	}
	if kind != pyjson.Array {
		start := s.Pos()
		_, err := s.Skip()
		if kind == pyjson.Object && string(trimBlanks(s.Span(start))) == "{}" {
			return "", err // an empty mapping is an empty list to Python
		}
		return "has paths that are not a list", err
	}
	for first := true; ; first = false {
		more, err := s.Elem(first)
		if err != nil || !more {
			return problem, err
		}
		p, err := scanPath(s)
		if err != nil {
			return "", err
		}
		if p != "" && problem == "" {
			problem = p
		}
	}
}

// scanPath takes one entry of paths.
func scanPath(s *pyjson.Scanner) (problem string, err error) {
	kind, err := s.Peek()
	if err != nil {
		return "", err
	}
	if kind != pyjson.Object {
		_, err := s.Skip()
		return "has a path that is not an object", err
	}
	var seen [numPathKeys]check
	for first := true; ; first = false {
		key, more, err := s.Key(first)
		if err != nil {
			return "", err
		}
		if !more {
			return pathProblem(&seen), nil
		}
		if err := scanPathKey(s, plainKey(key), &seen); err != nil {
			return "", err
		}
	}
}

func scanPathKey(s *pyjson.Scanner, key []byte, seen *[numPathKeys]check) error {
	switch string(key) {
	case "_path":
		kind, err := s.Skip()
		seen[pathPath] = checked(isTextKind(kind))
		return err
	case "path_type":
		word, kind, err := scanWord(s)
		seen[pathType] = checked(kind == pyjson.String && isPathType(word))
		return err
	case "file_mode":
		word, kind, err := scanWord(s)
		seen[pathFileMode] = checked(kind == pyjson.Null ||
			kind == pyjson.String && (string(word) == "text" || string(word) == "binary"))
		return err
	case "sha256":
		return scanTextOrNull(s, &seen[pathSHA256])
	case "sha256_in_prefix":
		return scanTextOrNull(s, &seen[pathSHA256InPrefix])
	case "prefix_placeholder":
		return scanTextOrNull(s, &seen[pathPrefixPlaceholder])
	case "size_in_bytes":
		kind, err := s.Skip()
		seen[pathSize] = checked(kind == pyjson.Null || isIntKind(kind))
		return err
	case "inode_paths":
		var f field
		err := f.scan(s, ruleList)
		seen[pathInodes] = checked(f.refused(ruleList) == "")
		return err
	case "self", "cls":
		seen[pathReserved] = bad
	}
	_, err := s.Skip()
	return err
}

func scanTextOrNull(s *pyjson.Scanner, c *check) error {
	kind, err := s.Skip()
	*c = checked(kind == pyjson.Null || isTextKind(kind))
	return err
}

// scanWord takes a value and returns the inside of it if it is text.
func scanWord(s *pyjson.Scanner) (word []byte, kind pyjson.Kind, err error) {
	if _, err = s.Peek(); err != nil {
		return nil, pyjson.Absent, err
	}
	start := s.Pos()
	kind, err = s.Skip()
	if err != nil || kind != pyjson.String {
		return nil, kind, err
	}
	raw := s.Span(start)
	return plainKey(raw[1 : len(raw)-1]), kind, nil
}

var pathProblems = [numPathKeys]string{
	pathPath:              "has a path without a text _path",
	pathType:              "has a path without a path_type conda knows",
	pathPrefixPlaceholder: "has a path whose prefix_placeholder is not text",
	pathFileMode:          "has a path whose file_mode is neither text nor binary",
	pathSHA256:            "has a path whose sha256 is not text",
	pathSHA256InPrefix:    "has a path whose sha256_in_prefix is not text",
	pathSize:              "has a path whose size_in_bytes is not an integer",
	pathInodes:            "has a path whose inode_paths is not a list of text",
	pathReserved:          reservedKey,
}

func pathProblem(seen *[numPathKeys]check) string {
	if seen[pathPath] == unseen {
		return pathProblems[pathPath]
	}
	if seen[pathType] == unseen {
		return pathProblems[pathType]
	}
	for key, c := range seen {
		if c == bad {
			return pathProblems[key]
		}
	}
	return ""
}

// isPathType knows conda.models.enums.PathEnum.
func isPathType(word []byte) bool {
	switch string(word) {
	case "hardlink", "softlink", "directory", "linked_package_record", "pyc_file", "unix_python_entry_point",
		"windows_python_entry_point_script", "windows_python_entry_point_exe":
		return true
	}
	return false
}

// scanLink takes link where it is an object (conda.models.records.Link).
func scanLink(s *pyjson.Scanner) (problem string, err error) {
	source, linkType, reserved := unseen, unseen, unseen
	for first := true; ; first = false {
		key, more, err := s.Key(first)
		if err != nil {
			return "", err
		}
		if !more {
			break
		}
		switch string(plainKey(key)) {
		case "source":
			kind, err := s.Skip()
			if err != nil {
				return "", err
			}
			source = checked(isTextKind(kind))
		case "type":
			if linkType, err = scanLinkType(s); err != nil {
				return "", err
			}
		case "cls":
			reserved = bad
			fallthrough
		default:
			if _, err := s.Skip(); err != nil {
				return "", err
			}
		}
	}
	switch {
	case source != good:
		return "has no text source", nil
	case linkType == bad:
		return "has a type conda does not know", nil
	case reserved == bad:
		return reservedKey, nil
	}
	return "", nil
}

// scanLinkType takes link.type: a name of a link type (dashes, underscores and case do not count) or its number, 1 to 4.
func scanLinkType(s *pyjson.Scanner) (check, error) {
	if _, err := s.Peek(); err != nil {
		return bad, err
	}
	start := s.Pos()
	kind, err := s.Skip()
	if err != nil {
		return bad, err
	}
	raw := s.Span(start)
	switch kind {
	case pyjson.Null, pyjson.True: // True equals 1
		return good, nil
	case pyjson.Int, pyjson.Float:
		switch string(raw) {
		case "1", "2", "3", "4", "1.0", "2.0", "3.0", "4.0":
			return good, nil
		}
	case pyjson.String:
		word := bytes.ToLower([]byte(pyjson.Text(raw[1 : len(raw)-1])))
		word = bytes.ReplaceAll(bytes.ReplaceAll(word, []byte("-"), nil), []byte("_"), nil)
		switch string(word) {
		case "hard", "soft", "hardlink", "softlink", "copy", "directory":
			return good, nil
		}
	case pyjson.Absent, pyjson.False, pyjson.Array, pyjson.Object:
	}
	return bad, nil
}

// plainKey returns a key or word without escapes.
func plainKey(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return []byte(pyjson.Text(raw))
}

func isTextKind(k pyjson.Kind) bool {
	return k == pyjson.String || k == pyjson.Float || isIntKind(k)
}

func isIntKind(k pyjson.Kind) bool {
	return k == pyjson.Int || k == pyjson.True || k == pyjson.False
}
