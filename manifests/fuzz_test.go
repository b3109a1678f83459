package manifests_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/manifests"
)

// seed adds the good files of one name, and pieces that decoders trip over.
func seed(f *testing.F, name string) {
	f.Helper()
	for _, store := range []string{"good.txtar", "original.txtar"} {
		fsys, _ := readStore(f, store)
		for path, file := range fsys {
			if strings.HasSuffix(path, name) {
				f.Add(file.Data)
				f.Add(bytes.ReplaceAll(file.Data, []byte(`"name":`), []byte(`"name" : null, "Name":`)))
				f.Add(bytes.ToUpper(file.Data))
			}
		}
	}
	for _, s := range []string{"", "null", "{}", "[]", `{"a":{"a":1}}`, `"\ud800"`, "\xff", "1e999", "{\"\\u0000\":[]}"} {
		f.Add([]byte(s))
	}
}

// refused reports whether err refuses a document; any other error is a fault.
func refused(t *testing.T, err error) bool {
	if err != nil && !errors.Is(err, manifests.ErrInvalid) {
		t.Fatalf("not an ErrInvalid: %v", err)
	}
	return err != nil
}

// An accepted manifest is JSON, and what is encoded of it is stable.
func FuzzDecodeManifest(f *testing.F) {
	seed(f, manifests.PackageManifestName)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifests.DecodeManifest(data)
		if refused(t, err) {
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted, but not JSON")
		}
		first, err := m.Encode()
		if refused(t, err) {
			return // an original's manifest with a package twice
		}
		again, err := manifests.DecodeManifest(first)
		if err != nil {
			t.Fatalf("our own: %v", err)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first, second)
		}
	})
}

// An accepted collated file is JSON, and written again (where its order allows)
// it has the same kernels.
func FuzzReadCollated(f *testing.F) {
	seed(f, manifests.CollatedName)
	f.Fuzz(func(t *testing.T, data []byte) {
		es, h, err := readCollated(string(data))
		if refused(t, err) {
			return
		}
		if !json.Valid(data) || len(es) != h.TotalKernels {
			t.Fatalf("accepted with %d kernels of %d", len(es), h.TotalKernels)
		}
		out := &memFile{}
		w := manifests.NewCollatedWriter(out, testTime)
		for _, e := range es {
			if refused(t, w.Add(e)) {
				return
			}
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again, _, err := readCollated(out.String())
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "kernels", es, again)
	})
}

func FuzzReadPackageIndex(f *testing.F) {
	seed(f, manifests.PackageIndexName)
	f.Fuzz(func(t *testing.T, data []byte) {
		count, last := 0, ""
		h, err := manifests.ReadPackageIndex(bytes.NewReader(data), func(p manifests.PackageEntry) error {
			if p.Name <= last || p.KernelCount != len(p.Kernels) {
				t.Fatalf("%q with %d kernels after %q", p.Name, p.KernelCount, last)
			}
			count, last = count+1, p.Name
			return nil
		})
		if !refused(t, err) && (!json.Valid(data) || count != h.TotalPackages) {
			t.Fatalf("accepted with %d packages of %d", count, h.TotalPackages)
		}
	})
}

func FuzzDecodeStatus(f *testing.F) {
	seed(f, manifests.StatusName)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := manifests.DecodeStatus(data)
		if refused(t, err) {
			return
		}
		out, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := manifests.DecodeStatus(out); err != nil || again != s {
			t.Fatalf("%v: %s", err, cmp.Diff(s, again))
		}
	})
}

// The result of an update is a catalog that the same update leaves alone.
func FuzzUpdateCatalog(f *testing.F) {
	seed(f, manifests.CatalogName)
	f.Add([]byte(`{"R":{"a":{"1":{"environment_location":"/x/R/a/1","manifest":1}},"b":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		u := manifests.CatalogUpdate{Kernels: keys("R/a/1", "python/b/\xff"), HostRoot: "/h"}
		first, err := manifests.UpdateCatalog(data, u)
		if refused(t, err) {
			return
		}
		second, err := manifests.UpdateCatalog(first, u)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first, second)
		}
	})
}

func FuzzParseHolder(f *testing.F) {
	f.Add([]byte(`{"pid":1,"host":"node12","start":"2026-01-31T04:05:06Z"}` + "\n"))
	seed(f, manifests.StatusName)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := manifests.ParseHolder(data)
		if !refused(t, err) && h.String() == "" {
			t.Fatal("no words")
		}
	})
}

func FuzzParseKernelInfo(f *testing.F) {
	for _, s := range []string{"", "description: x\nmaintainer: [a, b]\ndeprecated: use 2\ndefault: yes", "a: &a [*a]", "<<: {default: true}", "? [x]\n: y", "maintainer: !!binary eA=="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := manifests.ParseKernelInfo(data)
		if refused(t, err) {
			return
		}
		m := kernel("R/k/1", "4")
		m.KernelInfo = info
		if _, err := m.Encode(); err != nil {
			t.Fatal(err)
		}
	})
}
