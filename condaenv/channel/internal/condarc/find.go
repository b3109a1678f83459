package condarc

import (
	"errors"
	"io/fs"
	"strings"
)

// candidates are the places in a prefix where conda looks, lowest precedence first.
var candidates = [...]string{".condarc", "condarc", "condarc.d"}

// find lists the configuration files of the prefix, lowest precedence first. A candidate may be a file or, whatever
// its name, a folder of YAML files. A candidate of which nothing can be learnt is passed over, as conda does.
func find(fsys fs.FS, prefix string) ([]string, error) {
	var paths []string
	for _, name := range candidates {
		path := join(prefix, name)
		info, err := fs.Stat(fsys, path)
		if err != nil {
			continue
		}
		switch {
		case info.Mode().IsRegular():
			if name != "condarc.d" { // As a file it has neither a known name nor a YAML suffix.
				paths = append(paths, path)
			}
		case info.IsDir():
			inside, err := findInside(fsys, path)
			if err != nil {
				return nil, err
			}
			paths = append(paths, inside...)
		}
	}
	return paths, nil
}

// findInside lists the YAML files of a folder by name. A folder that cannot be listed counts as empty, but an entry
// whose link leads in a circle or into a closed folder ends conda's listing, even if the entry is no YAML file.
func findInside(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, nil //nolint:nilerr // conda passes over such a folder in silence.
	}
	var paths []string
	for _, e := range entries {
		path := join(dir, e.Name())
		regular, err := isRegular(fsys, path, e)
		if err != nil {
			return nil, &Error{File: path, Reason: "cannot be looked at", Err: err}
		}
		if regular && hasYAMLSuffix(e.Name()) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// isRegular tells whether a folder entry is a regular file or a link to one.
func isRegular(fsys fs.FS, path string, e fs.DirEntry) (bool, error) {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.Type().IsRegular(), nil
	}
	info, err := fs.Stat(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return info.Mode().IsRegular(), nil
}

// hasYAMLSuffix tells whether the name ends in .yml or .yaml, exactly so, with something before it.
func hasYAMLSuffix(name string) bool {
	i := strings.LastIndexByte(name, '.')
	return i > 0 && (name[i:] == ".yml" || name[i:] == ".yaml")
}

// join appends a name to a path of an fs.FS, where the root is ".".
func join(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return dir + "/" + name
}
