package catalog_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/fstest"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// What numbers cannot count is refused, not counted wrongly.
func TestLimits(t *testing.T) {
	p := originalPair(t)
	more := p
	more.index = edit(t, p.index, `"package_version": "1.3.1"`, `"package_version": "1.3.2"`)
	for name, test := range map[string]struct {
		p           pair
		bytes, rows int
		text        string
	}{
		"enough":        {p, 400, 7, ""},
		"bytes":         {p, 100, 7, "more bytes of strings than a catalog can hold"},
		"rows":          {p, 400, 6, "more package rows than a catalog can hold"},
		"rows of index": {more, 400, 7, "more package rows than a catalog can hold"},
	} {
		t.Run(name, func(t *testing.T) {
			collated, index := manifests.PairIn(fstest.MapFS{
				manifests.CollatedName: {Data: []byte(test.p.collated)}, manifests.PackageIndexName: {Data: []byte(test.p.index)},
			})
			_, err := catalog.LoadWithin(t.Context(), collated, index, test.bytes, test.rows)
			if test.text != "" {
				mustFail(t, err, manifests.ErrInvalid, test.text)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// A catalog takes at most a third of the collated file, if only the versions of
// one kernel have packages in common.
func TestMemory(t *testing.T) {
	var list []manifests.Manifest
	for k := range 200 {
		m := benchManifest(k, uint64(k/4), k%4*10)
		m.Fingerprint = fmt.Sprintf("%064x", k)
		list = append(list, m)
	}
	p := collate(t, list...)
	before := liveHeap()
	c := loadPair(t, p)
	heap := liveHeap() - before
	if size := len(p.collated); heap > uint64(size/3) {
		t.Errorf("%d bytes of memory for a file of %d", heap, size)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(p)
}
