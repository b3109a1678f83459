package pypi_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/pypi"
)

func TestAnchors(t *testing.T) {
	fsys := site{
		"numpy-2.1.0.dist-info/METADATA": good,
		".dist-info/":                    "",
		"~umpy-2.0.0.dist-info/":         "",
		"file.dist-info":                 "",
		"gone.dist-info":                 "->nowhere",

		"file.egg-info":       "",
		"folder.egg-info/":    "",
		"link.egg-info":       "->file.egg-info",
		"linkfolder.egg-info": "->folder.egg-info",
		"gone.egg-info":       "->nowhere",

		"folder.egg/": "",
		"zip.egg":     "",
		"link.egg":    "->folder.egg",
		"gone.egg":    "->nowhere",

		"dev.egg-link":     "",
		"folder.egg-link/": "",

		"upper.DIST-INFO/":     "",
		"old.dist-info.bak/":   "",
		"easy-install.pth":     "",
		"module.py":            "",
		"deep/inner.dist-info": "",
		"nospace.dist-info /":  "",
	}.fs()
	want := []pypi.Anchor{
		".dist-info/RECORD",
		"dev.egg-link",
		"file.dist-info/RECORD",
		"file.egg-info",
		"folder.egg-info/PKG-INFO",
		"folder.egg-link",
		"folder.egg/EGG-INFO/PKG-INFO",
		"gone.dist-info/RECORD",
		"gone.egg-info/PKG-INFO",
		"link.egg-info",
		"link.egg/EGG-INFO/PKG-INFO",
		"linkfolder.egg-info/PKG-INFO",
		"numpy-2.1.0.dist-info/RECORD",
		"~umpy-2.0.0.dist-info/RECORD",
	}
	for _, dir := range []string{sitePackages, "./" + sitePackages + "/."} {
		got, err := pypi.Anchors(fsys, dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", dir, diff)
		}
	}
}

func TestAnchorsOfUnlistableFolder(t *testing.T) {
	_, err := pypi.Anchors(fstest.MapFS{}, sitePackages)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if errors.Is(err, pypi.ErrSkipped) {
		t.Errorf("a folder that cannot be listed makes conda fail, got %v", err)
	}
}
