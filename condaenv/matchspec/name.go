package matchspec

import "strings"

// checkName tests the name of a spec as CEP 26 and conda want it: not empty and, unless it is a pattern with "*", made
// of ASCII letters, digits, ".", "-" and "_", no two of the last three together. It may begin with an underscore, or
// with two for a virtual package, and end with any of the three.
func checkName(name, rest string) *ParseError {
	if name == "" {
		return faultAt(kindSpec, rest, "", 0, "no package name found")
	}
	if strings.IndexByte(name, '*') >= 0 {
		return nil
	}
	normal := lower(name)
	for i := range len(normal) {
		if c := normal[i]; !isAlnum(c) && !isNameSeparator(c) {
			return fault(kindSpec, name, name, "package name contains invalid characters")
		}
	}
	start := strings.TrimPrefix(strings.TrimPrefix(normal, "_"), "_") // At most two underscores.
	if start == "" && normal == "_" {
		return nil
	}
	if start == "" || normal[0] != '_' && !isAlnum(normal[0]) || strings.HasPrefix(normal, "__") && !isAlnum(start[0]) {
		return fault(kindSpec, name, name, "invalid package name")
	}
	for i := 1; i < len(start); i++ {
		if isNameSeparator(start[i]) && isNameSeparator(start[i-1]) {
			return fault(kindSpec, name, name, "invalid package name")
		}
	}
	return nil
}

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' }

func isNameSeparator(c byte) bool { return c == '.' || c == '-' || c == '_' }
