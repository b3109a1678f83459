package catalog

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"kernelindexer/manifests"
	"kernelindexer/sbom"
)

// environment is an environment.yml.
type environment struct {
	Name         string   `yaml:"name"`
	Channels     []string `yaml:"channels,omitempty"`
	Dependencies []any    `yaml:"dependencies"` // texts, and at the end pip's packages
}

type pipSection struct {
	Pip []string `yaml:"pip"`
}

// condaWord is a name, version or build of conda's records that has no other
// meaning in a spec.
var condaWord = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.+!-]*$`)

// writeEnvironment writes an environment.yml: conda's packages as
// name=version=build, then pip's, and in comments what neither can install.
func (k Kernel) writeEnvironment(w io.Writer) error {
	env, notes := k.environment()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s, indexed %s\n", remark(k.Key().String()), remark(k.IndexedDate()))
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(env); err != nil {
		return fmt.Errorf("write environment of %s: %w", k.Key(), err)
	}
	for _, note := range notes {
		b.WriteString("# " + note + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// environment sorts the packages into what can be installed and remarks on the
// rest.
func (k Kernel) environment() (environment, []string) {
	env := environment{Name: k.environmentName(), Channels: k.channels(), Dependencies: []any{}}
	var pip, library, odd, projects []string
	records, hasPip := k.condaR(), false
	for r := range k.Rows() {
		p := r.Package()
		switch originOf(p) {
		case fromConda:
			if text, ok := dependency(p); ok {
				env.Dependencies = append(env.Dependencies, text)
				hasPip = hasPip || p.Name == "pip"
			} else {
				odd = append(odd, remarkPackage(p))
			}
		case fromPip:
			if text, ok := requirement(p); ok {
				pip = append(pip, text)
			} else {
				odd = append(odd, remarkPackage(p))
			}
		case fromProject:
			projects = append(projects, remarkPackage(p))
		default:
			if records[fold(p.Name)] == "" && !sbom.PartOfR(p.Name) {
				library = append(library, remarkPackage(p))
			}
		}
	}
	if len(pip) > 0 {
		if !hasPip { // conda warns of a section without it.
			env.Dependencies = append(env.Dependencies, "pip")
		}
		env.Dependencies = append(env.Dependencies, pipSection{pip})
	}
	return env, slices.Concat(
		section("In the R library, and not by conda:", library),
		section("Installed in place, from directories:", projects),
		section("Nothing that conda or pip can be asked for:", odd))
}

func section(title string, packages []string) []string {
	if len(packages) == 0 {
		return nil
	}
	lines := []string{title}
	for _, p := range packages {
		lines = append(lines, "  "+p)
	}
	return lines
}

// dependency returns a record as conda can be asked for it, and false if it
// cannot. What is not known of it is left out.
func dependency(p manifests.Package) (string, bool) {
	text := p.Name
	for _, part := range []string{p.Version, p.Build} {
		if part == "" {
			break
		}
		text += "=" + part
		if !condaWord.MatchString(part) {
			return "", false
		}
	}
	return text, condaWord.MatchString(p.Name)
}

// environmentName returns a name that conda accepts for an environment: without
// blanks, slashes, colons and hashes.
func (k Kernel) environmentName() string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune("/\\:#\x7f", r) {
			return '-'
		}
		return r
	}, k.Name()+"-"+k.Version())
}

// channelName is a name or URL of a channel that needs no quoting anywhere.
var channelName = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.:/@+~-]*$`)

// channels returns where conda's packages are from, the one of most packages
// first, which is the order in which conda then prefers them. The channels of
// the defaults have no order of their own.
func (k Kernel) channels() []string {
	counts := map[string]int{}
	for r := range k.Rows() {
		p := r.Package()
		channel := p.Channel
		if originOf(p) != fromConda || !channelName.MatchString(channel) {
			continue
		}
		if strings.HasPrefix(channel, "pkgs/") {
			channel = "defaults"
		}
		counts[channel]++
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
