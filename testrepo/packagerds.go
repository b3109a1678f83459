package testrepo

import (
	"fmt"
	"regexp"
	"strings"
)

// packageRDS returns the uncompressed Meta/package.rds that R CMD INSTALL makes
// of a DESCRIPTION: its fields, and what R takes apart of them, namely Built
// and the dependencies.
func packageRDS(fields []Field) ([]byte, error) {
	built := strings.Split(field(fields, "Built"), "; ")
	if len(built) != 4 {
		return nil, fmt.Errorf("field Built needs four parts, not %q", field(fields, "Built"))
	}
	rVersion, err := versionNumbers(strings.TrimPrefix(built[0], "R "))
	if err != nil {
		return nil, fmt.Errorf("field Built: %w", err)
	}
	w := &descriptionWriter{rdsWriter: newRDS([3]int(append(rVersion, 0, 0)[:3]))}
	w.list([]func(){
		func() { w.fields(fields) },
		func() { w.built(built) },
		func() { w.onR(field(fields, "Depends"), false) },
		func() { w.onR(field(fields, "Depends"), true) },
		func() { w.dependencies(withoutR(field(fields, "Depends"))) },
		func() { w.dependencies(dependencies(field(fields, "Suggests"))) },
		func() { w.dependencies(dependencies(field(fields, "Imports"))) },
		func() { w.dependencies(dependencies(field(fields, "LinkingTo"))) },
	},
		attribute{"names", []string{
			"DESCRIPTION", "Built", "Rdepends", "Rdepends2", "Depends", "Suggests", "Imports", "LinkingTo",
		}},
		attribute{"class", []string{"packageDescription2"}})
	return w.b, w.err
}

// descriptionWriter writes the parts of a description and keeps the first error.
type descriptionWriter struct {
	*rdsWriter
	err error
}

func (w *descriptionWriter) fields(fields []Field) {
	var names, values []string
	for _, f := range fields {
		names, values = append(names, f.Name), append(values, f.Value)
	}
	w.strings(values, attribute{"names", names})
}

func (w *descriptionWriter) built(parts []string) {
	w.list([]func(){
		func() {
			w.keep(w.version(strings.TrimPrefix(parts[0], "R "),
				"R_system_version", "package_version", "numeric_version"))
		},
		func() { w.strings(parts[1:2]) },
		func() { w.strings(parts[2:3]) },
		func() { w.strings(parts[3:4]) },
	}, attribute{"names", []string{"R", "Platform", "Date", "OStype"}})
}

// onR writes the conditions on R itself: the first of them, or all in a list.
func (w *descriptionWriter) onR(depends string, all bool) {
	var elements []func()
	for _, d := range dependencies(depends) {
		if d.name == "R" {
			elements = append(elements, func() { w.dependency(d) })
		}
	}
	switch {
	case len(elements) == 0:
		w.null()
	case all:
		w.list(elements)
	default:
		elements[0]()
	}
}

func (w *descriptionWriter) dependencies(list []dependency) {
	if len(list) == 0 {
		w.list(nil)
		return
	}
	var elements []func()
	var names []string
	for _, d := range list {
		elements = append(elements, func() { w.dependency(d) })
		names = append(names, d.name)
	}
	w.list(elements, attribute{"names", names})
}

func (w *descriptionWriter) dependency(d dependency) {
	if d.op == "" {
		w.list([]func(){func() { w.strings([]string{d.name}) }}, attribute{"names", []string{"name"}})
		return
	}
	w.list([]func(){
		func() { w.strings([]string{d.name}) },
		func() { w.strings([]string{d.op}) },
		func() { w.keep(w.version(d.version, "package_version", "numeric_version")) },
	}, attribute{"names", []string{"name", "op", "version"}})
}

func (w *descriptionWriter) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

// dependency is one entry of Depends, Imports, Suggests or LinkingTo.
type dependency struct{ name, op, version string }

var dependencyForm = regexp.MustCompile(`^([A-Za-z0-9.]+)(?:\s*\(\s*([<>=!]+)\s*([0-9.-]+)\s*\))?$`)

func dependencies(text string) []dependency {
	var list []dependency
	for part := range strings.SplitSeq(text, ",") {
		if m := dependencyForm.FindStringSubmatch(strings.TrimSpace(part)); m != nil {
			list = append(list, dependency{name: m[1], op: m[2], version: m[3]})
		}
	}
	return list
}

func withoutR(text string) []dependency {
	var list []dependency
	for _, d := range dependencies(text) {
		if d.name != "R" {
			list = append(list, d)
		}
	}
	return list
}
