package manifests_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

func key(s string) manifests.KernelKey {
	f := strings.Split(s, "/")
	return manifests.KernelKey{Language: f[0], Name: f[1], Version: f[2]}
}

func keys(s ...string) (k []manifests.KernelKey) {
	for _, s := range s {
		k = append(k, key(s))
	}
	return k
}

// Foreign keys stay at every level and where they are, what is known is set,
// what is new is added at the end, what was written for a kernel that is gone
// is dropped under whatever root it was, and hand-made entries stay.
func TestUpdateCatalog(t *testing.T) {
	const old = `{"$schema": 1, "R": {
  "_comment": [1.50, "é\u00e9"],
  "pecan": {"note": {"by": "Ann"},
    "1.9": {"conda-pack": "pecan.tar.gz", "environment_location": "/old/R/pecan/1.9", "manifest": "/old/R/pecan/1.9/package_manifest.json", "x": null},
    "1.8": {"environment_location": "/old/R/pecan/1.8", "manifest": "/old/R/pecan/1.8/package_manifest.json", "conda-pack": "x"}},
  "packed": {"1.0": {"conda-pack": "packed.tar.gz", "manifest": ""}},
  "hand": {"1": {"environment_location": "/projects/hand", "manifest": "/projects/hand/package_manifest.json"}},
  "gone": {"1": {"environment_location": "/old/r/gone/1", "manifest": "/old/r/gone/1/package_manifest.json"}}},
 "Julia": {"gone": {"1": {"environment_location": "/a/JULIA/gone/1", "manifest": "/a/JULIA/gone/1/package_manifest.json"}}},
 "Empty": {}, "Null": null, "Python": null}`
	u := manifests.CatalogUpdate{
		Kernels: keys("PYTHON/astro/1.0", "R/pecan/1.9", "R/pecan/1.10"), HostRoot: "/host/K/",
	}
	got, err := manifests.UpdateCatalog([]byte(old), u)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "catalog", `{
  "$schema": 1,
  "R": {
    "_comment": [
      1.50,
      "é\u00e9"
    ],
    "pecan": {
      "note": {
        "by": "Ann"
      },
      "1.9": {
        "conda-pack": "pecan.tar.gz",
        "environment_location": "/host/K/R/pecan/1.9",
        "manifest": "/host/K/R/pecan/1.9/package_manifest.json",
        "x": null
      },
      "1.10": {
        "environment_location": "/host/K/R/pecan/1.10",
        "manifest": "/host/K/R/pecan/1.10/package_manifest.json"
      }
    },
    "packed": {
      "1.0": {
        "conda-pack": "packed.tar.gz",
        "manifest": ""
      }
    },
    "hand": {
      "1": {
        "environment_location": "/projects/hand",
        "manifest": "/projects/hand/package_manifest.json"
      }
    }
  },
  "Empty": {},
  "Null": null,
  "Python": {
    "astro": {
      "1.0": {
        "environment_location": "/host/K/PYTHON/astro/1.0",
        "manifest": "/host/K/PYTHON/astro/1.0/package_manifest.json"
      }
    }
  }
}
`, string(got))
	again, err := manifests.UpdateCatalog(got, u)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the same update again", string(got), string(again))
}

// An update of some languages does not take the others for vanished.
func TestUpdateCatalogOfSomeLanguages(t *testing.T) {
	both, err := manifests.UpdateCatalog(nil, manifests.CatalogUpdate{Kernels: keys("Python/a/1", "R/b/1", "R/c/1"), HostRoot: "/h"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := manifests.UpdateCatalog(both, manifests.CatalogUpdate{Kernels: keys("R/c/1"), HostRoot: "/h", Languages: []string{"R"}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := manifests.UpdateCatalog(nil, manifests.CatalogUpdate{Kernels: keys("Python/a/1", "R/c/1"), HostRoot: "/h"})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "catalog", string(want), string(got))
}

func TestUpdateCatalogOfNothing(t *testing.T) {
	for _, old := range []string{"", " \n", "{}", "{ }\n"} {
		got, err := manifests.UpdateCatalog([]byte(old), manifests.CatalogUpdate{})
		if err != nil || string(got) != "{}\n" {
			t.Errorf("%q: %q, %v", old, got, err)
		}
	}
}

func TestUpdateCatalogRefuses(t *testing.T) {
	one := keys("R/a/1")
	tests := map[string]struct {
		old     string
		kernels []manifests.KernelKey
	}{
		"not JSON":           {`{"R": `, one},
		"key twice":          {`{"R": {}, "R": {}}`, one},
		"an array":           {`[]`, one},
		"null":               {`null`, one},
		"language is text":   {`{"R": "x"}`, one},
		"name is a list":     {`{"R": {"a": []}}`, one},
		"version is a truth": {`{"R": {"a": {"1": true}}}`, one},
		"two documents":      {`{}{}`, one},
		"one place for two":  {`{}`, keys("R/a/1", "r/a/1")},
		"a kernel twice":     {`{}`, keys("R/a/1", "R/a/1")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := manifests.UpdateCatalog([]byte(test.old), manifests.CatalogUpdate{Kernels: test.kernels})
			if !errors.Is(err, manifests.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A catalog that cannot be understood stays as it is.
func TestWriteCatalogLeavesWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, manifests.CatalogName), []byte("{broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	err := openDir(t, dir, manifests.Atomic).WriteCatalog(manifests.CatalogUpdate{Kernels: keys("R/a/1")})
	if !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	diff(t, "files", before, files(t, dir))
}
