package pypi

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checkRequirement reports an error if conda cannot evaluate the environment
// marker of a requirement such as
//
//	requests[security] (>=2.8.1) ; python_version < "3"
//
// Nothing else in a requirement can make conda fail.
func checkRequirement(requirement string) error {
	marker := markerOf(requirement)
	switch testedFirst(marker) {
	case "", "extra":
		return nil // conda files these without looking further
	}
	if err := checkMarker(marker); err != nil {
		return fmt.Errorf("marker: %w", err)
	}
	return nil
}

// markerOf returns the text behind the last semicolon, if there is one. Runs
// of spaces (not of tabs or line breaks) count as one, also inside of quotes.
func markerOf(requirement string) string {
	i := strings.LastIndexByte(requirement, ';')
	if i < 0 {
		return ""
	}
	marker := strip(requirement[i+1:])
	if strings.Contains(marker, "  ") {
		marker = spaces.ReplaceAllLiteralString(marker, " ")
	}
	return marker
}

var spaces = regexp.MustCompile(` {2,}`)

// testedFirst returns what a marker compares first, by its letters: the text
// before the first "==".
func testedFirst(marker string) string {
	before, _, _ := strings.Cut(marker, "==")
	return strip(before)
}

// globalSection is conda's name for the lines of requires.txt before the first
// section, which are required without condition. A file can use it too.
const globalSection = "__global__"

// parseRequires returns the requirements in a requires.txt or depends.txt, with
// their sections turned into markers. A section given twice has only what the
// second says. Of sections with a marker, which is the same for all that is in
// them, only the first requirement is returned.
func parseRequires(text string) []string {
	sections := map[string][]string{}
	section := globalSection
	for line := range strings.SplitSeq(text, "\n") {
		line = strip(line)
		switch {
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = line[1 : len(line)-1]
			delete(sections, section)
		case line != "":
			sections[section] = append(sections[section], line)
		}
	}
	requirements := sections[globalSection]
	delete(sections, globalSection)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		requirements = append(requirements, sections[name][0]+sectionMarker(name))
	}
	return requirements
}

// sectionMarker returns what conda appends to the entries of a section. The
// name is not quoted or checked, so that of an extra may break out of its
// quotes, and every colon begins a marker of its own.
func sectionMarker(name string) string {
	if strings.HasPrefix(name, ":") {
		return strings.ReplaceAll(name, ":", "; ")
	}
	return `; extra == "` + name + `"`
}
