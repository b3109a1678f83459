package testrepo

import (
	"cmp"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed sample/catalog.txt
var catalogText string

// catalog says of the packages of the sample what does not depend on the
// version, by their names.
type catalog map[string]entry

type entry struct {
	kind                          Kind
	license, dist, module, folder string
	files                         int
	needs                         []need
}

// need is one dependency in the catalog.
type need struct {
	names     []string // Alternatives, the first that is there.
	condition string   // On the version, as conda writes it; "~" pins the major version.
	optional  bool
}

func parseCatalogue(text string) (catalog, error) {
	c := catalog{}
	for n, line := range tableLines(text) {
		e, err := parseEntry(line)
		if err != nil {
			return nil, fmt.Errorf("catalog line %d: %w", n, err)
		}
		name := strings.Fields(line)[0]
		if _, twice := c[name]; twice {
			return nil, fmt.Errorf("catalog line %d: %s is there twice", n, name)
		}
		c[name] = e
	}
	return c, nil
}

func parseEntry(line string) (entry, error) {
	head, needs, _ := strings.Cut(line, " : ")
	words := strings.Fields(head)
	if len(words) < 3 {
		return entry{}, fmt.Errorf("want name, kind and license, not %q", head)
	}
	e := entry{kind: Kind(words[1]), license: strings.TrimPrefix(words[2], "-")}
	for _, word := range words[3:] {
		if err := e.set(word); err != nil {
			return entry{}, err
		}
	}
	for word := range strings.FieldsSeq(needs) {
		e.needs = append(e.needs, parseNeed(word))
	}
	return e, nil
}

func (e *entry) set(word string) (err error) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "dist":
		e.dist = value
	case "module":
		e.module = value
	case "folder":
		e.folder = value
	case "files":
		e.files, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return err
}

func parseNeed(word string) need {
	var n need
	word, n.optional = strings.CutSuffix(word, "?")
	if i := strings.IndexAny(word, "<>=!~"); i >= 0 {
		word, n.condition = word[:i], word[i:]
	}
	n.names = strings.Split(word, "|")
	return n
}

// resolve returns the need as an entry of depends, "" if it is optional and not there.
func (n need) resolve(versions map[string]string) (string, error) {
	for _, name := range n.names {
		version, ok := versions[name]
		switch {
		case !ok:
			continue
		case n.condition == "~":
			return name + " " + majorPin(version), nil
		case n.condition != "":
			return name + " " + n.condition, nil
		}
		return name, nil
	}
	if n.optional {
		return "", nil
	}
	return "", fmt.Errorf("%s is missing", strings.Join(n.names, " or "))
}

// majorPin returns the condition that keeps a package on the major version that it has.
func majorPin(version string) string {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return ">=" + version
	}
	return fmt.Sprintf(">=%d,<%d.0a0", n, n+1)
}

// requires returns the needs that are Python distributions, as Requires-Dist has
// them, or packages of R, as Imports has them.
func (c catalog) requires(e entry) []string {
	var list []string
	for _, n := range e.needs {
		other := c[n.names[0]]
		lower, _, _ := strings.Cut(n.condition, ",")
		lower, bounded := strings.CutPrefix(lower, ">=")
		switch {
		case e.kind.isPython() && other.kind.isPython():
			name := cmp.Or(other.dist, n.names[0])
			if bounded {
				name += ">=" + lower
			}
			list = append(list, name)
		case e.kind.isR() && other.kind.isR():
			name := cmp.Or(other.folder, rFolder(n.names[0]))
			if bounded {
				name += " (>= " + strings.ReplaceAll(lower, "_", "-") + ")"
			}
			list = append(list, name)
		}
	}
	return list
}

// tableLines returns the lines that are neither empty nor comments, by their numbers.
func tableLines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !yield(n, line) {
				return
			}
		}
	}
}
