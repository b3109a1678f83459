// Package corpus gives tests the recorded cases: prefixes, and what the real conda 26.7.1 and R 4.2 said of them.
//
// A case is files and steps (links, modes, names that an archive of text files cannot hold); [Case.Materialise] makes
// the prefix of it. The archive is testdata/cases.tar.gz of the package condaenv.
package corpus

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Package is a row of conda's list as it prints it.
type Package struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Channel *string `json:"channel"`
	Build   string  `json:"build_string"`
}

// Case is one recorded prefix.
type Case struct {
	Name     string
	Target   string // the prefix, relative to the case's root
	WorkDir  string // conda's working directory, relative to the case's root
	Nobody   bool   // recorded as a user without rights
	ExitCode int
	Deletes  bool // whether conda deleted records of the prefix

	Expected     json.RawMessage   // conda's stdout
	Alternatives []json.RawMessage // where its answer depends on chance
	R            json.RawMessage   // r_expected.json, or nothing

	steps []step
	files map[string][]byte // below the case's root
}

type step struct {
	Op, Path, Target, Mode string
	PathB64                []byte `json:"path_b64"`
	ContentB64             []byte `json:"content_b64"`
}

// Lists returns every list that is right for the case.
func (c *Case) Lists() ([][]Package, error) {
	var lists [][]Package
	for _, raw := range append([]json.RawMessage{c.Expected}, c.Alternatives...) {
		var list []Package
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// Load reads the archive at path.
func Load(path string) ([]*Case, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	cases := map[string]*Case{}
	for archive := tar.NewReader(unzip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		parts := strings.SplitN(header.Name, "/", 3) // cases/<name>/<path>
		c := cases[parts[1]]
		if c == nil {
			c = &Case{Name: parts[1], files: map[string][]byte{}}
			cases[parts[1]] = c
		}
		if err := c.take(parts[2], data); err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	list := make([]*Case, 0, len(cases))
	for _, c := range cases {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Case) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// take enters one file of the archive.
func (c *Case) take(name string, data []byte) error {
	switch name {
	case "case.json":
		var j struct {
			Target, Cwd, User string
			Steps             []step
		}
		err := json.Unmarshal(data, &j)
		c.Target, c.WorkDir, c.Nobody, c.steps = j.Target, j.Cwd, j.User == "nobody", j.Steps
		return err
	case "meta.json":
		var j struct {
			ExitCode     int `json:"exit_code"`
			Alternatives []struct{ Stdout json.RawMessage }
			Deleted      []string
		}
		err := json.Unmarshal(data, &j)
		c.ExitCode, c.Deletes = j.ExitCode, len(j.Deleted) > 0
		for _, a := range j.Alternatives {
			c.Alternatives = append(c.Alternatives, a.Stdout)
		}
		return err
	case "expected.json":
		c.Expected = data
	case "r_expected.json":
		c.R = data
	default:
		c.files[name] = data
	}
	return nil
}

// Materialise makes the case below root, an absolute path of an empty directory.
func (c *Case) Materialise(root string) error {
	for name, data := range c.files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	for _, s := range c.steps {
		if err := s.do(root); err != nil {
			return fmt.Errorf("%s: %s %s: %w", c.Name, s.Op, s.Path, err)
		}
	}
	return nil
}

func (s *step) do(root string) error {
	words := strings.NewReplacer("@ROOT@", root, "@PREFIX@", filepath.Join(root, "prefix"),
		"@OUTSIDE@", filepath.Join(root, "outside"))
	if s.PathB64 != nil {
		s.Path = string(s.PathB64)
	}
	path := filepath.Join(root, s.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch s.Op {
	case "mkdir":
		return os.MkdirAll(path, 0o755)
	case "symlink":
		return os.Symlink(words.Replace(s.Target), path)
	case "subst":
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(words.Replace(string(data))), 0o644)
	case "rawfile":
		return os.WriteFile(path, s.ContentB64, 0o644)
	case "chmod":
		var mode os.FileMode
		if _, err := fmt.Sscanf(s.Mode, "%o", &mode); err != nil {
			return err
		}
		return os.Chmod(path, mode)
	}
	return fmt.Errorf("unknown step %q", s.Op)
}
