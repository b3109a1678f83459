package image_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"kernelindexer/k8s/image"
)

// TestHostileLayers is what Scan says of layers that no builder writes.
func TestHostileLayers(t *testing.T) {
	limits := image.Limits{Unpacked: 1 << 20, Entries: 100, File: 1000, Kept: 3000, Tree: 64 << 10}
	many := func(n int, make func(i int) entry) []entry {
		var list []entry
		for i := range n {
			list = append(list, make(i))
		}
		return list
	}
	long := strings.Repeat("d/", 1000)
	for _, c := range []struct {
		name   string
		layers [][]entry
		want   image.Code
		says   string
	}{
		{"climbs out", [][]entry{{file("../etc/passwd", "x")}}, image.Unsafe, "layer 1"},
		{"climbs out on the way", [][]entry{{}, {file("a/../../x", "x")}}, image.Unsafe, "layer 2"},
		{"climbs and stays inside", [][]entry{{file("a/../x", "x")}}, image.Unsafe, ""},
		{"a whiteout that climbs out", [][]entry{{gone("../.wh.x")}}, image.Unsafe, ""},
		{"a whiteout of the folder above", [][]entry{{gone("a/.wh...")}}, image.Unsafe, ""},
		{"a whiteout of nothing", [][]entry{{gone("a/.wh.")}}, image.Unsafe, ""},
		{"a hard link out", [][]entry{{hard("app/process_schemas.json", "../../etc/shadow")}}, image.Unsafe, ""},
		{"a hard link to the root", [][]entry{{hard("app/process_schemas.json", "/")}}, image.Unsafe, ""},
		{"an absolute link", [][]entry{{link("app", "/etc")}}, "", ""},
		{"a link that climbs out", [][]entry{{link("etc/passwd", "../../../../etc/shadow")}}, "", ""},
		{"a link without a target", [][]entry{{link("a", "")}}, image.Unsafe, ""},
		{"a name that is too long", [][]entry{{file(strings.Repeat("n", 5000), "")}}, image.Unsafe, ""},
		{"devices and pipes", [][]entry{{device("dev/null"), fifo("run/pipe"), device("etc/passwd"), fifo("a/conda-meta/x.json")}}, "", ""},
		{"a file in a circle of links", [][]entry{{link("a", "b"), link("b", "a"), file("a/METADATA", "")}}, image.NotAnImage, "circles"},
		{"a file below a file", [][]entry{{file("etc/passwd", ""), file("etc/passwd/x", "")}}, image.NotAnImage, "below the file"},
		{"a file below a file of another layer", [][]entry{{file("etc/passwd", "")}, {file("etc/passwd/RECORD", "")}}, image.NotAnImage, "below the file"},
		{"as many entries as may be", [][]entry{many(100, func(int) entry { return file("x", "") })}, "", ""},
		{"more entries", [][]entry{many(60, func(int) entry { return file("x", "") }), many(41, func(int) entry { return dir("x") })}, image.TooLarge, "100 entries"},
		{"unpacked too large", [][]entry{{file("a", strings.Repeat("x", 1<<19)), file("b", strings.Repeat("x", 1<<19)), file("c", "x")}}, image.TooLarge, "1048576 bytes"},
		{"a kept file is too long", [][]entry{{file("a/METADATA", strings.Repeat("x", 1001))}}, "", ""},
		{"kept files are too many", [][]entry{many(4, func(i int) entry { return file(fmt.Sprint(i, "/METADATA"), strings.Repeat("x", 1000)) })}, image.TooLarge, "looked at"},
		{"too many directories", [][]entry{{dir(long)}}, image.TooLarge, "memory"},
		{"too many long links", [][]entry{many(99, func(i int) entry { return link(fmt.Sprint(i), strings.Repeat("x", 1000)) })}, image.TooLarge, "memory"},
		{"too many whiteouts", [][]entry{many(99, func(i int) entry { return gone(".wh." + strings.Repeat("x", 1000) + fmt.Sprint(i)) })}, image.TooLarge, "memory"},
		{"paths that are too long to follow", [][]entry{append(many(15, func(i int) entry { return link(fmt.Sprint(i), strings.Repeat("./", 1000)+fmt.Sprint(i+1)) }), file("0/x", ""))}, image.TooLarge, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := docker(saved{layers: layers(c.layers...), names: []string{"env:1"}}).tar()
			contents, err := look(t, data, image.Options{Limits: limits})
			if codeOf(err) != string(c.want) {
				t.Fatalf("code %q (%v), want %q", codeOf(err), err, c.want)
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("%q does not say %q", err, c.says)
				}
				return
			}
			if _, err := image.Packages(t.Context(), contents.FS); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLayersAreWhatTheirDigestsSay changes one byte of what is stored, or of what it unpacks to.
func TestLayersAreWhatTheirDigestsSay(t *testing.T) {
	content := layers(schemas)
	other := layers([]entry{dir("app"), file("app/process_schemas.json", `{"FFT":{"schema":{}}}`)})
	sized := gz(content[0])
	for _, c := range []struct {
		name string
		data []byte
		want image.Code
	}{
		{"as it should be", docker(saved{layers: content, names: []string{"env:1"}}).tar(), ""},
		{"docker: another tar", docker(saved{layers: other, plain: content, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"OCI: compressed, another tar", oci(false, saved{layers: [][]byte{gz(other[0])}, plain: content, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"OCI: a blob that is not its digest", stored(oci(false, saved{layers: [][]byte{sized}, plain: content, names: []string{"env:1"}}), sized), image.NotAnImage},
		{"bytes after the end mark count", docker(saved{layers: [][]byte{append(content[0][:len(content[0]):len(content[0])], 'x')}, plain: content, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"a layer that is no tar", docker(saved{layers: [][]byte{[]byte(strings.Repeat("no tar ", 200))}, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"a truncated layer", docker(saved{layers: [][]byte{content[0][:700]}, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"an empty layer", docker(saved{layers: [][]byte{{}}, names: []string{"env:1"}}).tar(), ""},
		{"damaged gzip", docker(saved{layers: [][]byte{sized[:len(sized)-12]}, plain: content, names: []string{"env:1"}}).tar(), image.NotAnImage},
		{"a gzip bomb", docker(saved{layers: [][]byte{gz(make([]byte, 4<<20))}, plain: [][]byte{make([]byte, 4<<20)}, names: []string{"env:1"}}).tar(), image.TooLarge},
		{"more layers than allowed", docker(saved{layers: layers(nil, nil, nil, nil), names: []string{"env:1"}}).tar(), image.TooLarge},
		{"more diff IDs than layers", docker(saved{layers: content, names: []string{"env:1"}, config: func(c *v1.ConfigFile) { c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, v1.Hash{}) }}).tar(), image.NotAnImage},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := look(t, c.data, image.Options{Limits: image.Limits{Layers: 3, Unpacked: 1 << 20, Entries: 10}})
			if codeOf(err) != string(c.want) {
				t.Errorf("code %q (%v), want %q", codeOf(err), err, c.want)
			}
		})
	}
}

// stored changes a byte that gzip does not look at, so that the blob unpacks to the same.
func stored(a archive, blob []byte) []byte {
	changed := append([]byte(nil), blob...)
	changed[4] ^= 1 // the modification time
	a["blobs/sha256/"+sum(blob)] = changed
	return a.tar()
}

// TestScanStops: a cancelled context ends it, and a directory for kept files that is not there is the machine's fault.
func TestScanStops(t *testing.T) {
	data := docker(one("env:1")).tar()
	found, err := open(t, data, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := image.Scan(ctx, found); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	found, err = open(t, data, image.Options{Dir: "/nonexistent"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := image.Scan(t.Context(), found); !errors.Is(err, os.ErrNotExist) || strings.HasPrefix(codeOf(err), "NOT") {
		t.Errorf("no directory: %v", err)
	}
}

// TestConfig is what the configuration tells.
func TestConfig(t *testing.T) {
	s := one("env:1")
	s.user = "app"
	found, err := open(t, docker(s).tar(), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Config.User != "app" || len(found.Config.Entrypoint) != 2 || found.Size != int64(len(s.layers[0])+len(s.layers[1])) {
		t.Errorf("%+v, size %d", found.Config, found.Size)
	}
	contents, err := image.Scan(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	defer contents.Close()
	user, err := contents.User(found.Config)
	if err != nil || user.UID != 1000 || user.Home != "/home/app" {
		t.Errorf("%+v, %v", user, err)
	}
	if contents.Entries != 3 || contents.Unpacked == 0 {
		t.Errorf("%d entries, %d bytes", contents.Entries, contents.Unpacked)
	}
}
