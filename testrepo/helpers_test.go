package testrepo_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// record is what the tests read of a conda-meta document.
type record struct {
	Name, Version, Build string
	BuildNumber          int `json:"build_number"`
	Channel              string
	Noarch               string
	Depends, Files       []string
	PathsData            struct {
		Paths []struct {
			Path string `json:"_path"`
		}
	} `json:"paths_data"`
	raw []byte
}

// readRecords reads the conda-meta of a prefix by name, and checks what is true
// of every record: valid JSON, a file name that agrees, one record a name, the
// same paths in files and paths_data.
func readRecords(t *testing.T, prefix string) map[string]record {
	t.Helper()
	records := map[string]record{}
	for _, file := range glob(t, prefix, "conda-meta/*.json") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := record{raw: raw}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if want := r.Name + "-" + r.Version + "-" + r.Build + ".json"; filepath.Base(file) != want {
			t.Errorf("file %s holds the record of %s", file, want)
		}
		if _, twice := records[r.Name]; twice {
			t.Errorf("%s: two records of %s", prefix, r.Name)
		}
		var paths []string
		for _, p := range r.PathsData.Paths {
			paths = append(paths, p.Path)
		}
		if !slices.Equal(paths, r.Files) {
			t.Errorf("%s: files and paths_data differ", file)
		}
		if sorted := slices.Compact(slices.Sorted(slices.Values(paths))); len(sorted) != len(paths) {
			t.Errorf("%s: a path is there twice", file)
		}
		records[r.Name] = r
	}
	return records
}

// checkDepends checks that every dependency is there in a version that meets
// the condition.
func checkDepends(t *testing.T, kernel string, records map[string]record) {
	t.Helper()
	for _, r := range records {
		for _, text := range r.Depends {
			spec, err := matchspec.Parse(text)
			if err != nil {
				t.Errorf("%s: %s depends on %q: %v", kernel, r.Name, text, err)
				continue
			}
			have := records[spec.Name()]
			ok, err := spec.Match(&matchspec.Record{Name: have.Name, Version: have.Version, Build: have.Build, Channel: have.Channel})
			if err != nil || !ok {
				t.Errorf("%s: %s depends on %q, the kernel has %q %q (%v)", kernel, r.Name, text, have.Version, have.Build, err)
			}
		}
	}
}

// checkDistInfos checks that each dist-info with INSTALLER conda is owned by
// one record, no other is, and that conda's are all on disk. It returns how
// many there are of both.
func checkDistInfos(t *testing.T, prefix string, records map[string]record) (owned, foreign int) {
	t.Helper()
	claimed := map[string]bool{}
	for _, r := range records {
		for _, f := range r.Files {
			if strings.HasSuffix(f, ".dist-info/RECORD") {
				claimed[filepath.Dir(f)] = true
			}
		}
	}
	for _, dir := range glob(t, prefix, "lib/python*/site-packages/*.dist-info") {
		name, _ := filepath.Rel(prefix, dir)
		for _, must := range []string{"METADATA", "RECORD"} {
			if _, err := os.Stat(filepath.Join(dir, must)); err != nil {
				t.Error(err)
			}
		}
		installer, _ := os.ReadFile(filepath.Join(dir, "INSTALLER"))
		if (string(installer) == "conda\n") != claimed[name] {
			t.Errorf("%s: INSTALLER is %q, owned by a record: %v", dir, installer, claimed[name])
		}
		if claimed[name] {
			owned++
		} else {
			foreign++
		}
		delete(claimed, name)
	}
	for name := range claimed {
		t.Errorf("%s: %s is claimed but not there", prefix, name)
	}
	return owned, foreign
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// kernels returns the folders with a conda-meta two levels below the languages,
// relative to root, without hidden ones and links.
func kernels(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	for _, meta := range glob(t, root, "[^.]*/[^.]*/[^.]*/conda-meta") {
		dir := filepath.Dir(meta)
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
			continue
		}
		name, _ := filepath.Rel(root, dir)
		list = append(list, name)
	}
	return list
}

// treeHash returns a digest of the names, contents and link targets below dir.
func treeHash(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var content []byte
		if entry.Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			content = []byte("-> " + target)
			if err != nil {
				return err
			}
		} else if content, err = os.ReadFile(path); err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %d\n%s", path[len(dir):], len(content), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}
