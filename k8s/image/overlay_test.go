package image_test

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"kernelindexer/k8s/image"
	"kernelindexer/rootfs"
)

// TestOverlay is what layers make of /app/process_schemas.json, as a container would see it.
func TestOverlay(t *testing.T) {
	const name = "app/process_schemas.json"
	old, fresh := file(name, "old"), file(name, "new")
	type stack = [][]entry
	for _, c := range []struct {
		name   string
		layers stack
		want   string // "" if there is no such file
	}{
		{"none", stack{{file("app/other", "x")}}, ""},
		{"in one layer", stack{{old}}, "old"},
		{"replaced", stack{{old}, {fresh}}, "new"},
		{"twice in a layer, the later counts", stack{{old, fresh}}, "new"},
		{"deleted", stack{{old}, {gone("app/.wh.process_schemas.json")}}, ""},
		{"deleted and added again", stack{{old}, {gone("app/.wh.process_schemas.json")}, {fresh}}, "new"},
		{"deleted and added in one layer", stack{{old}, {gone("app/.wh.process_schemas.json"), fresh}}, "new"},
		{"the order of both does not count", stack{{old}, {fresh, gone("app/.wh.process_schemas.json")}}, "new"},
		{"a whiteout before the file below is nothing", stack{{gone("app/.wh.process_schemas.json")}, {old}}, "old"},
		{"the folder deleted", stack{{old}, {gone(".wh.app")}}, ""},
		{"the folder deleted and made again", stack{{old}, {gone(".wh.app"), dir("app/")}}, ""},
		{"the folder made again, then the mark", stack{{old}, {dir("app/"), file("app/x", ""), gone(".wh.app")}}, ""},
		{"opaque", stack{{old}, {dir("app/"), gone("app/.wh..wh..opq")}}, ""},
		{"opaque with the new file before the mark", stack{{old}, {fresh, gone("app/.wh..wh..opq")}}, "new"},
		{"opaque above", stack{{old}, {gone(".wh..wh..opq"), file("x", "")}}, ""},
		{"another opaque folder", stack{{old}, {gone("ap/.wh..wh..opq")}}, "old"},
		{"marks of aufs", stack{{old}, {gone("app/.wh..wh.plnk"), gone(".wh..wh.aufs")}}, "old"},
		{"a folder listed again keeps its files", stack{{old}, {dir("app/")}}, "old"},
		{"the folder becomes a file of no interest", stack{{old}, {file("app", "x")}}, ""},
		{"the folder becomes a link", stack{{old}, {link("app", "opt")}, {dir("opt"), file("opt/process_schemas.json", "new")}}, "new"},
		{"the file becomes a folder", stack{{old}, {dir(name)}}, ""},
		{"the file becomes a device", stack{{old}, {device(name)}}, ""},
		{"/app is an absolute link", stack{{link("app", "/opt/app"), file("opt/app/process_schemas.json", "old")}}, "old"},
		{"/app is a relative link that climbs too far", stack{{link("app", "../../../opt"), file("opt/process_schemas.json", "old")}}, "old"},
		{"/app is a link, the file is written through it", stack{{link("app", "opt/app"), dir("opt/app")}, {old}}, "old"},
		{"through a link in one layer", stack{{dir("opt/app"), link("app", "opt/app"), old}}, "old"},
		{"through a link that is listed as a folder", stack{{link("app", "opt"), file("opt/process_schemas.json", "old")}, {dir("app"), file("app/x", "")}}, ""},
		{"deleted through a link", stack{{link("app", "opt"), file("opt/process_schemas.json", "old")}, {gone("app/.wh.process_schemas.json")}}, ""},
		{"the target of the link is replaced", stack{{link("app", "opt"), file("opt/process_schemas.json", "old")}, {gone(".wh.opt"), file("opt/process_schemas.json", "new")}}, "new"},
		{"/app goes round in circles", stack{{link("app", "opt"), link("opt", "app")}}, ""},
		{"/app leads nowhere", stack{{link("app", "opt")}}, ""},
		{"the file is a link to one of another name", stack{{link(name, "../srv/types.json"), file("srv/types.json", "old")}}, "old"},
		{"and that one is replaced", stack{{link(name, "/srv/types.json"), file("srv/types.json", "old")}, {file("srv/types.json", "new")}}, "new"},
		{"and that one is deleted", stack{{link(name, "/srv/types.json"), file("srv/types.json", "old")}, {gone("srv/.wh.types.json")}}, ""},
		{"a hard link to a kept file", stack{{file("a/process_schemas.json", "old"), hard(name, "a/process_schemas.json")}}, "old"},
		{"a hard link to a file of another name", stack{{file("a/types.json", "old"), hard(name, "a/types.json")}}, "old"},
		{"a hard link to a file of a layer below", stack{{file("a/types.json", "old")}, {hard(name, "/a/types.json")}}, "old"},
		{"a hard link, in a folder of a layer below", stack{{file("a/types.json", "old"), dir("app")}, {hard(name, "a/types.json")}}, "old"},
		{"a hard link keeps the content it was made of", stack{{file("a/process_schemas.json", "old"), hard(name, "a/process_schemas.json"), file("a/process_schemas.json", "new")}}, "old"},
		{"a hard link to nothing", stack{{hard(name, "a/types.json")}}, ""},
		{"names with dots and slashes", stack{{file("./app/.//process_schemas.json", "old")}}, "old"},
		{"an absolute name", stack{{file("/app/process_schemas.json", "old")}}, "old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			contents := lookInto(t, c.layers...)
			got, ok, err := contents.Schemas(1 << 20)
			if c.name == "a hard link to nothing" || c.name == "the file becomes a folder" || c.name == "the file becomes a device" {
				if codeOf(err) != string(image.NotAnImage) {
					t.Errorf("error %v, want %s", err, image.NotAnImage)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want || ok != (c.want != "") {
				t.Errorf("got %q (%t), want %q", got, ok, c.want)
			}
		})
	}
}

// strict refuses what fs.ValidPath does, which FS takes as rootfs does: conda's records have such paths.
type strict struct{ fsys *image.FS }

func (s strict) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return s.fsys.Open(name)
}

// TestFS checks the file system against the rules of package fs.
func TestFS(t *testing.T) {
	contents := lookInto(t, []entry{
		dir("usr/empty"), file("etc/passwd", "x"), link("conda", "opt/conda"),
		file("opt/conda/conda-meta/a-1-0.json", "{}"), file("opt/conda/bin/python", "ELF"),
		file("opt/conda/conda-meta/history", "==>"),
	})
	fsys := contents.FS
	// The history is there but its content is not: TestFS must trip over that, and over nothing else.
	err := fstest.TestFS(strict{fsys}, "etc/passwd", "opt/conda/conda-meta/a-1-0.json", "usr/empty")
	if !errors.Is(err, image.ErrNotKept) || strings.Count(err.Error(), "\n") > 2 {
		t.Errorf("TestFS: %v", err)
	}
	fsys = lookInto(t, []entry{
		dir("usr/empty"), file("etc/passwd", "x"), link("conda", "opt/conda"), file("opt/conda/conda-meta/a-1-0.json", "{}"),
	}).FS
	if err := fstest.TestFS(strict{fsys}, "etc/passwd", "opt/conda/conda-meta/a-1-0.json", "usr/empty"); err != nil {
		t.Error(err)
	}
	contents = lookInto(t, []entry{file("etc/passwd", "x"), link("dangling", "nowhere"), file("opt/conda/bin/python", "ELF")})
	for name, want := range map[string]error{
		"opt/conda/bin/python": fs.ErrNotExist, "etc/passwd/x": syscall.ENOTDIR, "dangling": fs.ErrNotExist,
		"/etc": fs.ErrInvalid, "": fs.ErrInvalid, "../x": rootfs.ErrOutside, "a\x00": fs.ErrInvalid,
	} {
		for op, do := range map[string]func(string) error{
			"stat":    func(n string) error { _, err := contents.FS.Stat(n); return err },
			"open":    func(n string) error { _, err := contents.FS.Open(n); return err },
			"read":    func(n string) error { _, err := contents.FS.ReadFile(n); return err },
			"readdir": func(n string) error { _, err := contents.FS.ReadDir(n); return err },
		} {
			if err := do(name); !errors.Is(err, want) {
				t.Errorf("%s %q: %v, want %v", op, name, err, want)
			}
		}
	}
	if target, err := contents.FS.ReadLink("dangling"); target != "nowhere" || err != nil {
		t.Errorf("link to %q, %v", target, err)
	}
	if _, err := contents.FS.ReadLink("etc"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a directory read as a link: %v", err)
	}
}
