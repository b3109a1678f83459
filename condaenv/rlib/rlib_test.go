package rlib_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/rlib"
)

// packageRDS is a package.rds in the ASCII format: list(DESCRIPTION = c(Version =, Built =), Built = list(R =)).
func packageRDS(version string) string {
	text := func(s string) string { return fmt.Sprintf("9\n%d\n%s\n", len(s), s) }
	named := func(names ...string) string {
		tag := "1026\n1\n" + text("names") + fmt.Sprintf("16\n%d\n", len(names))
		for _, name := range names {
			tag += text(name)
		}
		return tag + "254\n"
	}
	description := "528\n2\n" + text(version) + text("R 4.2.2") + named("Version", "Built")
	built := "531\n1\n16\n1\n" + text("4.2.2") + named("R")
	return "A\n2\n262658\n131840\n531\n2\n" + description + built + named("DESCRIPTION", "Built")
}

// notAList is a package.rds that holds the number 1.
const notAList = "A\n2\n262658\n131840\n13\n1\n1\n"

// unsupported is a package.rds in a format that R reads and this project does not.
const unsupported = "]\x00\x00\x80\x00"

// tree makes a file system of files by their paths.
func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return fsys
}

// spelled is the rows as lines: library, name and version.
func spelled(packages []rlib.Package) []string {
	lines := []string{}
	for _, p := range packages {
		version := p.Version
		if !p.HasVersion {
			version = "NA"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", p.Library, p.Name, version))
	}
	return lines
}

// TestLibrariesInTheOrderOfR checks .libPaths(): site-library comes first, and folders that do not exist are not there.
func TestLibrariesInTheOrderOfR(t *testing.T) {
	for rule, test := range map[string]struct {
		files  map[string]string
		prefix string
		want   []string
	}{
		"both":                         {map[string]string{"p/lib/R/library/a": "", "p/lib/R/site-library/a": ""}, "p", []string{"p/lib/R/site-library", "p/lib/R/library"}},
		"no site-library":              {map[string]string{"p/lib/R/library/a": ""}, "p", []string{"p/lib/R/library"}},
		"a file of that name":          {map[string]string{"p/lib/R/library/a": "", "p/lib/R/site-library": ""}, "p", []string{"p/lib/R/library"}},
		"no R":                         {map[string]string{"p/lib/python3.12/os.py": ""}, "p", nil},
		"no prefix":                    {nil, "p", nil},
		"the prefix is the root":       {map[string]string{"lib/R/library/a": ""}, ".", []string{"lib/R/library"}},
		"no other names are libraries": {map[string]string{"p/lib/R/Library/a": "", "p/lib64/R/library/a": ""}, "p", nil},
	} {
		if diff := cmp.Diff(test.want, rlib.Libraries(tree(test.files), test.prefix)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", rule, diff)
		}
	}
}

// TestTheFirstLibraryOfAPackageCounts lists packages that several libraries have.
func TestTheFirstLibraryOfAPackageCounts(t *testing.T) {
	fsys := tree(map[string]string{
		"first/both/Meta/package.rds":    packageRDS("1"),
		"first/z/Meta/package.rds":       packageRDS("2"),
		"first/broken/Meta/package.rds":  "?",
		"second/both/Meta/package.rds":   packageRDS("3"),
		"second/broken/Meta/package.rds": packageRDS("4"),
		"second/a/Meta/package.rds":      packageRDS("5"),
		"second/Both/Meta/package.rds":   packageRDS("6"),
		"third/x/Meta/package.rds":       notAList,
	})
	packages, warnings, err := rlib.InstalledIn(fsys, "first", "missing", "second", "first")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"second Both 6", "second a 5", "first both 1", "second broken 4", "first z 2"}
	if diff := cmp.Diff(want, spelled(packages)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// The library that is named twice is read twice.
	if len(warnings) != 2 || !strings.HasPrefix(warnings[0], "first/broken/Meta/package.rds: skipped: ") {
		t.Errorf("warnings %q", warnings)
	}

	packages, warnings, err = rlib.InstalledIn(fsys, "first", "third")
	if !errors.Is(err, rlib.ErrNotAList) || packages != nil || len(warnings) != 1 {
		t.Errorf("a library that fails: %v, warnings %q, error %v", packages, warnings, err)
	}
	if packages, warnings, err = rlib.InstalledIn(fsys); packages != nil || warnings != nil || err != nil {
		t.Errorf("no library: %v %q %v", packages, warnings, err)
	}
}

// TestAFolderWithPackageRDSIsAPackage checks what else may be in a library: nothing of it is, and nothing is said of it.
func TestAFolderWithPackageRDSIsAPackage(t *testing.T) {
	fsys := tree(map[string]string{
		"lib/pkg/Meta/package.rds":                 packageRDS("1.0"),
		"lib/folder/Meta/package.rds":              packageRDS("1.1"), // The name is the folder's, for there is no other.
		"lib/00LOCKed/Meta/package.rds":            packageRDS("1.2"),
		"lib/without-description/Meta/package.rds": packageRDS(""),
		"lib/.hidden/Meta/package.rds":             packageRDS("9"),
		"lib/00LOCK-pkg/pkg/Meta/package.rds":      packageRDS("9"),
		"lib/only-description/DESCRIPTION":         "Package: only-description\nVersion: 9\n",
		"lib/meta-is-a-file/Meta":                  packageRDS("9"),
		"lib/empty-meta/Meta/hsearch.rds":          "",
		"lib/upper-case/meta/package.rds":          packageRDS("9"),
		"lib/R.css":                                "",
		"lib/Meta/package.rds":                     packageRDS("9"),
	})
	fsys["lib/folder-of-none"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	fsys["lib/linked"] = &fstest.MapFile{Data: []byte("pkg"), Mode: fs.ModeSymlink | 0o777}
	fsys["lib/dangling"] = &fstest.MapFile{Data: []byte("nowhere"), Mode: fs.ModeSymlink | 0o777}
	fsys["lib/linked-file"] = &fstest.MapFile{Data: []byte("R.css"), Mode: fs.ModeSymlink | 0o777}
	packages, warnings, err := rlib.Installed(fsys, "lib")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"lib 00LOCKed 1.2", "lib folder 1.1", "lib linked 1.0", "lib pkg 1.0", "lib without-description "}
	if diff := cmp.Diff(want, spelled(packages)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
}

// TestALibraryThatIsNoneIsEmpty checks what may be in place of the folder.
func TestALibraryThatIsNoneIsEmpty(t *testing.T) {
	fsys := tree(map[string]string{"file": ""})
	fsys["empty"] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	for _, lib := range []string{"missing", "file", "empty", "file/below"} {
		if packages, warnings, err := rlib.Installed(fsys, lib); len(packages)+len(warnings) > 0 || err != nil {
			t.Errorf("%s: %v %q %v", lib, packages, warnings, err)
		}
	}
}

// TestPackageRDSDecidesTheVersion checks that DESCRIPTION is not asked, whatever it says.
func TestPackageRDSDecidesTheVersion(t *testing.T) {
	for rule, description := range map[string]string{
		"another version": "Package: pkg\nVersion: 9.9\n", "another name": "Package: other\nVersion: 1.0\n",
		"no version": "Package: pkg\n", "malformed": "?", "empty": "",
	} {
		packages, warnings, err := rlib.Installed(tree(map[string]string{
			"lib/pkg/Meta/package.rds": packageRDS("1.0"), "lib/pkg/DESCRIPTION": description,
		}), "lib")
		if diff := cmp.Diff([]string{"lib pkg 1.0"}, spelled(packages)); diff != "" || len(warnings) > 0 || err != nil {
			t.Errorf("%s: %q %v (-want +got)\n%s", rule, warnings, err, diff)
		}
	}
}

// TestDescriptionDecidesWhereTheDecoderCannot checks the fallback: the package is listed, with a warning and the version
// that DESCRIPTION says, if it says any.
func TestDescriptionDecidesWhereTheDecoderCannot(t *testing.T) {
	packed := gzipped(t, "Package: pkg\nVersion: 1.0\nTitle: A Title\n"+strings.Repeat("X: Y\n", 2000))
	for rule, test := range map[string]struct {
		description string
		version     string
		warnings    int
	}{
		"a version":              {"Package: pkg\nVersion: 1.0\n", "1.0", 1},
		"no version":             {"Package: pkg\n", "NA", 1},
		"an empty version":       {"Version:\n", "", 1},
		"not UTF-8":              {"Version: 1\xe4\n", "1<e4>", 1},
		"compressed":             {packed, "1.0", 1},
		"compressed and damaged": {packed[:len(packed)-4], "1.0", 1},
		"compressed beyond us":   {unsupported, "NA", 2},
		"malformed":              {"Version 1.0\n", "NA", 2},
		"empty":                  {"", "NA", 2},
	} {
		packages, warnings, err := rlib.Installed(tree(map[string]string{
			"lib/pkg/Meta/package.rds": unsupported, "lib/pkg/DESCRIPTION": test.description,
		}), "lib")
		if diff := cmp.Diff([]string{"lib pkg " + test.version}, spelled(packages)); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got)\n%s", rule, err, diff)
		}
		if len(warnings) != test.warnings || !strings.HasPrefix(warnings[0], "lib/pkg/Meta/package.rds: DESCRIPTION is read instead: ") {
			t.Errorf("%s: warnings %q, want %d", rule, warnings, test.warnings)
		}
	}
	packages, warnings, err := rlib.Installed(tree(map[string]string{"lib/pkg/Meta/package.rds": unsupported}), "lib")
	if diff := cmp.Diff([]string{"lib pkg NA"}, spelled(packages)); diff != "" || len(warnings) != 2 || err != nil {
		t.Errorf("no DESCRIPTION: %q %v (-want +got)\n%s", warnings, err, diff)
	}
}

// TestAPackageRDSThatIsNoListFailsAsAWhole checks that the error names the file, and that there are no packages then.
func TestAPackageRDSThatIsNoListFailsAsAWhole(t *testing.T) {
	packages, _, err := rlib.Installed(tree(map[string]string{
		"lib/a/Meta/package.rds": packageRDS("1"), "lib/b/Meta/package.rds": notAList, "lib/c/Meta/package.rds": packageRDS("1"),
	}), "lib")
	if !errors.Is(err, rlib.ErrNotAList) || packages != nil || !strings.HasPrefix(err.Error(), "lib/b/Meta/package.rds: ") {
		t.Errorf("packages %v, error %v", packages, err)
	}
}

// TestALargeFileIsNotRead checks the limit of 16 MiB: DESCRIPTION counts instead.
func TestALargeFileIsNotRead(t *testing.T) {
	large := packageRDS("1.0") + strings.Repeat("\n", 16<<20)
	packages, warnings, err := rlib.Installed(tree(map[string]string{
		"lib/pkg/Meta/package.rds": large, "lib/pkg/DESCRIPTION": "Version: 2.0\n",
	}), "lib")
	if diff := cmp.Diff([]string{"lib pkg 2.0"}, spelled(packages)); diff != "" || len(warnings) != 1 || err != nil {
		t.Errorf("%q %v (-want +got)\n%s", warnings, err, diff)
	}
}

// TestInstalledMayBeCalledAtOnce lists the same library several times at once.
func TestInstalledMayBeCalledAtOnce(t *testing.T) {
	files := map[string]string{}
	var want []string
	for i := range 50 {
		version := strings.Repeat("1.", i) + "0"
		files[fmt.Sprintf("lib/p%02d/Meta/package.rds", i)] = packageRDS(version)
		want = append(want, fmt.Sprintf("lib p%02d %s", i, version))
	}
	fsys := tree(files)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			packages, warnings, err := rlib.Installed(fsys, "lib")
			if diff := cmp.Diff(want, spelled(packages)); diff != "" || len(warnings) > 0 || err != nil {
				t.Errorf("%q %v (-want +got)\n%s", warnings, err, diff)
			}
		})
	}
	group.Wait()
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
