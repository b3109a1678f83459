package testrepo

import (
	"iter"
	"path"
	"strconv"
	"strings"
)

// A layout is an endless sequence of the files that a kind of package installs,
// so that a record can be made of any size.

// stems are what modules, headers and help pages are called.
var stems = []string{
	"base", "core", "utils", "config", "errors", "types", "io", "api", "cli", "version",
	"models", "parser", "writer", "reader", "cache", "client", "server", "session", "schema", "registry",
	"backend", "common", "compat", "context", "decorators", "events", "filters", "formats", "graph", "helpers",
	"index", "kernels", "layout", "loader", "logging", "metrics", "network", "nodes", "options", "plugins",
	"pool", "protocol", "query", "random", "render", "resources", "routes", "sampling", "signals", "solver",
	"stats", "storage", "strategies", "streams", "tables", "tasks", "testing", "tokens", "transforms", "validators",
}

// names yields stems in an order of their own for each dice, then the same in
// numbered sub-folders.
func names(d dice) iter.Seq[string] {
	return func(yield func(string) bool) {
		order := d.Perm(len(stems))
		for round := 0; ; round++ {
			folder := ""
			if round > 0 {
				folder = stems[order[round%len(order)]] + strconv.Itoa(round) + "/"
			}
			for _, i := range order {
				if !yield(folder + stems[i]) {
					return
				}
			}
		}
	}
}

// modules yields the files of an import package, relative to site-packages.
func modules(module string, d dice) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(module + "/__init__.py") {
			return
		}
		for name := range names(d) {
			if !yield(module + "/" + name + ".py") {
				return
			}
		}
	}
}

// standardLibrary yields the modules of Python itself, relative to lib.
func standardLibrary(python string, d dice) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range names(d) {
			if !yield("python" + python + "/" + name + ".py") {
				return
			}
		}
	}
}

// bytecode returns where Python puts the compiled form of a module.
func bytecode(module, python string) string {
	dir, base := path.Split(module)
	return dir + "__pycache__/" + strings.TrimSuffix(base, ".py") + ".cpython-" + strings.ReplaceAll(python, ".", "") + ".pyc"
}

// pythonLayout yields modules with their bytecode, and now and then an
// extension if the package is compiled for one Python.
func pythonLayout(site string, sources iter.Seq[string], python string, compiled bool) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		kind := Bytecode
		if compiled {
			kind = Hardlink // Comes in the package, it is not made at installation.
		}
		n := 0
		for name := range sources {
			if n++; compiled && n%7 == 0 {
				extension := strings.TrimSuffix(name, ".py") + ".cpython-" + strings.ReplaceAll(python, ".", "") + "-x86_64-linux-gnu.so"
				if !yield(Path{site + "/" + extension, Hardlink}) {
					return
				}
				continue
			}
			if !yield(Path{site + "/" + name, Hardlink}) || !yield(Path{site + "/" + bytecode(name, python), kind}) {
				return
			}
		}
	}
}

// libraryLayout yields a shared library with its links, then headers and documents.
func libraryLayout(name string, d dice) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		stem := "lib" + strings.TrimPrefix(name, "lib")
		major := strconv.Itoa(d.between(0, 9))
		fixed := []Path{
			{"lib/" + stem + ".so." + major + "." + strconv.Itoa(d.between(0, 30)), BinaryPrefix},
			{"lib/" + stem + ".so." + major, Softlink},
			{"lib/" + stem + ".so", Softlink},
			{"lib/pkgconfig/" + name + ".pc", TextPrefix},
			{"share/doc/" + name + "/LICENSE", Hardlink},
		}
		for _, p := range fixed {
			if !yield(p) {
				return
			}
		}
		for n := range names(d) {
			if !yield(Path{"include/" + name + "/" + n + ".h", Hardlink}) {
				return
			}
		}
	}
}

// dataLayout yields files of a package that is the same on every machine.
func dataLayout(name string, d dice) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		for n := range names(d) {
			if !yield(Path{"share/" + name + "/" + n + ".dat", Hardlink}) {
				return
			}
		}
	}
}

// interpreterLayout yields what makes a Python, then its standard library.
func interpreterLayout(python string, d dice) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		fixed := []Path{
			{"bin/python", Softlink},
			{"bin/python3", Softlink},
			{"bin/python" + python, BinaryPrefix},
			{"bin/pydoc" + python, TextPrefix},
			{"lib/libpython" + python + ".so.1.0", BinaryPrefix},
			{"lib/libpython" + python + ".so", Softlink},
			{"include/python" + python + "/Python.h", Hardlink},
		}
		for _, p := range fixed {
			if !yield(p) {
				return
			}
		}
		for p := range pythonLayout("lib", standardLibrary(python, d), python, true) {
			if !yield(p) {
				return
			}
		}
	}
}

// rLayout yields the folder of one package in lib/R/library, except for the two
// files that every package must have.
func rLayout(folder string, compiled bool, d dice) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		root := "lib/R/library/" + folder + "/"
		fixed := []string{
			"INDEX", "NAMESPACE", "Meta/Rd.rds", "Meta/features.rds", "Meta/hsearch.rds", "Meta/links.rds", "Meta/nsInfo.rds", "R/" + folder, "R/" + folder + ".rdb", "R/" + folder + ".rdx",
			"help/AnIndex", "help/aliases.rds", "help/" + folder + ".rdb", "help/" + folder + ".rdx", "html/00Index.html", "html/R.css",
		}
		for _, name := range fixed {
			if !yield(Path{root + name, Hardlink}) {
				return
			}
		}
		if compiled && !yield(Path{root + "libs/" + folder + ".so", BinaryPrefix}) {
			return
		}
		for n := range names(d) {
			if !yield(Path{root + "doc/" + n + ".html", Hardlink}) {
				return
			}
		}
	}
}

// rBaseLayout yields R itself; the folders of its base packages come separately.
func rBaseLayout(d dice) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		for _, p := range []Path{
			{"bin/R", TextPrefix},
			{"bin/Rscript", BinaryPrefix},
			{"lib/R/bin/exec/R", BinaryPrefix},
			{"lib/R/lib/libR.so", BinaryPrefix},
			{"lib/R/etc/Renviron", TextPrefix},
			{"lib/R/library/translations/DESCRIPTION", Hardlink},
		} {
			if !yield(p) {
				return
			}
		}
		for n := range names(d) {
			if !yield(Path{"lib/R/doc/manual/" + n + ".html", Hardlink}) {
				return
			}
		}
	}
}
