package testrepo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// minPackages is the least number of packages in a generated kernel: the
// language itself and a few of each kind.
const minPackages = 10

// composer chooses the packages of one generated kernel.
type composer struct {
	dice
	*generator
	era     int // The kernel's place among the versions of its name.
	salt    string
	python  string
	r       string
	taken   map[string]bool
	recipes []Recipe
}

// compose returns what conda installed into the i-th kernel, large packages
// first, and how many packages others installed: pip's in a Python kernel,
// install.packages' in an R kernel.
//
// Kernels of one name have the same packages, a third of them in other versions.
func (g *generator) compose(i int) (*composer, int) {
	language, n := g.language(i)
	group := n / versionsPerName
	seed := strconv.FormatUint(g.Seed, 10)
	c := &composer{
		dice: newDice("compose", seed, language, strconv.Itoa(group)), generator: g,
		era: n % versionsPerName, salt: fmt.Sprint(seed, "/", language, "/", n),
		taken: map[string]bool{},
	}
	if language == "R" {
		c.r = [...]string{"4.2.3", "4.3.3", "4.4.2"}[group%3]
		return c, c.composeR()
	}
	c.python = [...]string{"3.10.14", "3.11.9", "3.12.8", "3.13.1"}[group%4]
	return c, c.composePython()
}

func (c *composer) composePython() int {
	n := c.Packages
	pip, owned := n*5/100, n*60/100
	minor := majorMinor(c.python)
	tag := strings.ReplaceAll(minor, ".", "")
	c.add(Recipe{Kind: Interpreter, Name: "python", Version: c.python})
	c.addMany(Library, 1, 0)
	c.addMany(PythonCompiled, owned*45/100, 60)
	c.add(Recipe{Kind: Meta, Name: "python_abi", Version: minor, Build: "5_cp" + tag})
	c.addMany(PythonNoarch, owned-owned*45/100, 60)
	rest := n - pip - len(c.recipes)
	c.addMany(Data, rest/5, 0)
	c.addMany(Library, rest-rest/5, 60)
	return pip
}

func (c *composer) composeR() int {
	n := c.Packages
	owned := max(0, min(n*60/100, n-len(basePackages)))
	c.add(Recipe{Kind: RBase, Name: "r-base", Version: c.r})
	c.addMany(Library, 1, 0)
	c.addMany(RCompiled, owned/2, 60)
	c.addMany(RNoarch, owned-owned/2, 60)
	rest := n - len(c.recipes)
	c.addMany(Data, rest/5, 0)
	c.addMany(Library, rest-rest/5, 60)
	return max(0, n-owned-len(basePackages))
}

// addMany adds packages of a kind; up to known percent of them are such that
// everybody knows.
func (c *composer) addMany(kind Kind, count, known int) {
	names := slices.Clone(c.known[kind])
	c.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = names[:min(len(names), count*known/100)]
	for i := range count {
		r := Recipe{Kind: kind, License: "MIT", Depends: c.depends(kind)}
		if i < len(names) {
			e := c.catalog[names[i]]
			r.Name, r.License, r.Dist, r.Module, r.Folder = names[i], e.license, e.dist, e.module, e.folder
		} else {
			r.Name = c.anyName(kind)
		}
		r.Version = c.version(kind, r.Name)
		c.add(r)
	}
}

func (c *composer) add(r Recipe) {
	r.Python, r.R, r.Salt = c.python, c.r, c.salt
	c.taken[r.Name] = true
	c.recipes = append(c.recipes, r)
}

// anyName makes up a name that is not taken. Low numbers are likelier, so that
// kernels have packages in common.
func (c *composer) anyName(kind Kind) string {
	prefix, between := "", "-"
	switch kind {
	case Library:
		prefix = "lib"
	case RNoarch, RCompiled:
		prefix, between = "r-", "."
	default:
	}
	for attempt := 0; ; attempt++ {
		u := c.Float64()
		n := int(u*u*float64(len(stems)*len(stems))) + attempt/20*len(stems)
		name := prefix + stems[n%len(stems)] + between + numberedStem(n/len(stems))
		if !c.taken[name] {
			return name
		}
	}
}

// version makes up a version that depends on name and era alone.
func (c *composer) version(kind Kind, name string) string {
	d := newDice("version", name)
	major, minor, patch := d.IntN(8), d.IntN(25), d.IntN(12)
	if d.IntN(3) == 0 {
		minor += c.era
	}
	version := fmt.Sprint(major, ".", minor, ".", patch)
	if (kind == RNoarch || kind == RCompiled) && d.IntN(3) == 0 {
		version = fmt.Sprint(major, ".", minor, "_", patch)
	}
	return version
}

// depends chooses dependencies among what is there already and fits: a package
// of Python or R may need any, a library only libraries.
func (c *composer) depends(kind Kind) []string {
	if kind == Data {
		return nil
	}
	var list []string
	for range c.IntN(5) {
		r := c.recipes[c.IntN(len(c.recipes))]
		if r.Kind != kind && r.Kind != Library || slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, r.Name+" ") }) {
			continue
		}
		list = append(list, r.Name+" >="+majorMinor(r.Version))
	}
	return list
}
