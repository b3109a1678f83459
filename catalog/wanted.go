package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"kernelindexer/condaenv/matchspec"
	"kernelindexer/condaenv/pystr"
	"kernelindexer/manifests"
)

// Limits of a question, so that none takes more than a bounded time. They are
// far above what people ask.
const (
	// MaxSpecs is the largest number of specs in one question.
	MaxSpecs = 64
	// MaxSpecBytes is the length of the longest spec.
	MaxSpecBytes = 1000
)

// wanted is a compiled spec: conditions that are independent of each other, so
// that each is tested once for each different text.
type wanted struct {
	text   string
	source manifests.Source  // "" for any
	exact  []string          // spellings of the name that come first
	names  []naming          // who is meant
	byText map[textID]naming // the same by name, made when needed
	probe  string            // a name that the spec matches

	spec       matchspec.Spec
	version    matchspec.VersionSpec
	hasVersion bool
	hasChannel bool
	build      *matchspec.Spec // on its own, if it can be
	hasBuild   bool

	versions, channels, builds memo
	record                     matchspec.Record // to be matched; one for all, because it is big
}

// unrecorded are the fields that conda's specs can name and documents do not
// tell of packages.
var unrecorded = []string{
	"subdir", "build_number", "track_features", "features", "url", "md5", "sha256", "license", "license_family", "fn",
	"extras", "flags",
}

// parseWanted reads a spec. The error is a [*matchspec.ParseError].
func parseWanted(text string) (*wanted, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxSpecBytes {
		return nil, &matchspec.ParseError{
			Kind: "spec", Text: strings.ToValidUTF8(text[:40], "") + "…", Offset: MaxSpecBytes, Reason: fmt.Sprintf("longer than %d bytes", MaxSpecBytes),
		}
	}
	if text == "" {
		return nil, &matchspec.ParseError{Kind: "spec", Reason: "no package name found"}
	}
	w := &wanted{text: text}
	conda, err := w.cutSource()
	if err != nil {
		return nil, err
	}
	if w.spec, err = matchspec.Parse(conda); err != nil {
		if e := new(matchspec.ParseError); errors.As(err, &e) {
			at := *e
			at.Text = text
			return nil, &at
		}
		return nil, err
	}
	for _, field := range unrecorded {
		if _, asked := w.spec.Field(field); asked {
			return nil, &matchspec.ParseError{
				Kind: "spec", Text: text, Part: field, Offset: strings.Index(text, field), Reason: "not known of the packages in kernels",
			}
		}
	}
	w.split()
	return w, nil
}

// sourceCondition finds our addition to conda's brackets: numpy[source=conda].
var sourceCondition = regexp.MustCompile(`([\[, ])source(=(?:'([^'"]*)'|"([^'"]*)"|([^'", \]]*))[, \]])`)

// cutSource reads the condition on the source and returns the spec as conda can
// read it. There the key reads "target", which conda ignores and which is as
// long, so that places of errors stay what they are.
func (w *wanted) cutSource() (string, error) {
	at := strings.LastIndexByte(w.text, '[')
	if at < 0 {
		return w.text, nil
	}
	m := sourceCondition.FindStringSubmatch(w.text[at:])
	if m == nil {
		return w.text, nil
	}
	w.source = manifests.Source(m[3] + m[4] + m[5])
	if !slices.Contains(sources[:], w.source) {
		return "", &matchspec.ParseError{
			Kind: "spec", Text: w.text, Part: string(w.source), Offset: strings.LastIndex(w.text, string(w.source)),
			Reason: "the sources are conda, python and r",
		}
	}
	return w.text[:at] + sourceCondition.ReplaceAllString(w.text[at:], "${1}target${2}"), nil
}

// split takes the conditions apart.
func (w *wanted) split() {
	w.version, w.hasVersion = w.spec.Version()
	if w.version.String() == "*" {
		w.hasVersion = false
	}
	_, w.hasChannel = w.spec.Field("channel")
	_, w.hasBuild = w.spec.Field("build")
	w.probe = w.spec.Name()
	w.exact = []string{w.written(), w.spec.Name()}
	if w.hasBuild {
		build := w.spec.Build()
		alone, err := matchspec.Parse("*[build='" + build + "']")
		if _, channel := alone.Field("channel"); err == nil && !channel && alone.Build() == build {
			w.build = &alone
		}
	}
}

// written returns the name with the capitals it was given, which R's names
// have and conda's specs lose.
func (w *wanted) written() string {
	head, _, _ := strings.Cut(w.text, "[")
	head = head[strings.LastIndexByte(head, ':')+1:]
	if n := len(w.spec.Name()); n <= len(head) && pystr.Lower(head[:n]) == w.spec.Name() {
		return head[:n]
	}
	return w.spec.Name()
}

// findNames finds the names that the spec means.
func (w *wanted) findNames(ctx context.Context, c *Catalog, exact bool) error {
	switch {
	case !w.spec.IsExactName():
		return w.findPattern(ctx, c, exact)
	case !exact:
		w.names = c.like(w.spec.Name())
		return nil
	}
	for i, name := range w.exact {
		n, found := slices.BinarySearchFunc(c.names, name, func(p pack, name string) int { return cmp.Compare(c.text.at(p.name), name) })
		if found && !slices.Contains(w.exact[:i], name) {
			w.names = append(w.names, naming{name: uint32(n), any: true})
		}
	}
	return nil
}

// findPattern tries the pattern on all names. A name is tried as it is, in
// lower case, and folded; a binding as r-name (there is no telling which R
// packages are of bioconductor) and as the name alone.
func (w *wanted) findPattern(ctx context.Context, c *Catalog, exact bool) error {
	pattern, _ := w.spec.Field("name")
	spec, err := matchspec.Parse(pattern)
	if err != nil { // The name alone can look like something else, such as a file.
		spec = w.spec
	}
	matches := func(name string) bool {
		miss, _ := spec.Miss(&matchspec.Record{Name: name})
		if miss == "name" {
			return false
		}
		w.probe = name
		return true
	}
	for i := range c.names {
		if i%64 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name := c.text.at(c.names[i].name)
		n := naming{name: uint32(i), any: matches(name)}
		if !n.any && !exact {
			folded := fold(name)
			of := rPackage(folded)
			n.any = matches(pystr.Lower(name)) || matches(folded)
			n.r = !n.any && matches("r-"+folded)
			n.record = !n.any && of != "" && matches(of)
		}
		if !n.none() {
			w.names = append(w.names, n)
		}
	}
	return nil
}

// isNamed reports whether the spec is about a row of one of its names at all.
func (w *wanted) isNamed(c *Catalog, n naming, r *release) bool {
	return (w.source == "" || sources[r.source] == w.source) && n.means(c, r)
}

// anyRow reports whether the spec is about each row of the name.
func (w *wanted) anyRow(n naming) bool { return n.any && w.source == "" }

// asks reports whether the spec has conditions beside those on name and source.
func (w *wanted) asks() bool { return w.hasVersion || w.hasChannel || w.hasBuild }
