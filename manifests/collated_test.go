package manifests_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"kernelindexer/manifests"
)

func readCollated(s string) ([]manifests.Entry, manifests.CollatedHeader, error) {
	var es []manifests.Entry
	h, err := manifests.ReadCollated(strings.NewReader(s), func(e manifests.Entry) error {
		es = append(es, e)
		return nil
	})
	return es, h, err
}

// The header may come after the kernels, fields in any order, and white space
// anywhere: the content is the same.
func TestReadCollatedInAnyLayout(t *testing.T) {
	collated, _, sum := collate(t, entries(goodStore()...), testTime)
	want, header, err := readCollated(collated)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "header", manifests.CollatedHeader{
		IndexedDate: "2026-01-31T04:05:06Z", Generation: sum.Generation, TotalKernels: 4,
	}, header)
	head, body, _ := strings.Cut(collated, `"kernels":`)
	head, body = strings.TrimPrefix(head, "{"), strings.TrimSuffix(body, "}\n")
	layouts := map[string]string{
		"header last":      `{"kernels":` + body + "," + strings.TrimSuffix(head, ",") + "}",
		"foreign members":  `{"a":{"kernels":[1]},` + head + `"b":[[]],"kernels":` + body + `,"c":null}`,
		"white space":      strings.NewReplacer(`":`, "\" :\r\n\t", `,"`, " ,\n\n\"", "[{", "[ {").Replace(collated),
		"no newline":       strings.TrimSpace(collated),
		"space after it":   collated + " \n\t\r\n",
		"foreign in entry": strings.ReplaceAll(collated, `"language_version"`, `"x":{"y":[{}]},"language_version"`),
	}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			got, h, err := readCollated(layout)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "entries", want, got)
			diff(t, "header", header, h)
		})
	}
}

// A generation behind the kernels still makes the file ours, and the rules for
// ours apply to what was read before.
func TestReadCollatedHoldsALateGenerationToItsRules(t *testing.T) {
	collated, _, _ := collate(t, entries(goodStore()...), testTime)
	lines := strings.Split(collated, "\n")
	lines[1], lines[3] = lines[3], lines[1]
	_, body, _ := strings.Cut(strings.Join(lines, "\n"), `"kernels":`)
	body = `{"kernels":` + strings.TrimSuffix(body, "}\n") + `,"indexed_date":"2026-01-31T04:05:06Z","total_kernels":4`
	if es, _, err := readCollated(body + "}"); err != nil || len(es) != 4 {
		t.Errorf("without a generation: %d kernels, %v", len(es), err)
	}
	_, _, err := readCollated(body + `,"generation":"` + strings.Repeat("0", 32) + `"}`)
	if !errors.Is(err, manifests.ErrInvalid) || !strings.Contains(err.Error(), "stands after") {
		t.Errorf("with a generation: %v", err)
	}
}

// A file cut anywhere is refused, wherever the cut is.
func TestReadCollatedRefusesEveryTruncation(t *testing.T) {
	collated, index, _ := collate(t, entries(goodStore()...), testTime)
	for i := range strings.TrimSpace(collated) {
		if _, _, err := readCollated(collated[:i]); !errors.Is(err, manifests.ErrInvalid) {
			t.Fatalf("collated cut at %d: %v", i, err)
		}
	}
	for i := range strings.TrimSpace(index) {
		_, err := manifests.ReadPackageIndex(strings.NewReader(index[:i]), func(manifests.PackageEntry) error { return nil })
		if !errors.Is(err, manifests.ErrInvalid) {
			t.Fatalf("index cut at %d: %v", i, err)
		}
	}
}

// An unreadable file is not an invalid one, and the caller's error is the caller's.
func TestReadCollatedReturnsOthersErrorsAsTheyAre(t *testing.T) {
	collated, index, _ := collate(t, entries(goodStore()...), testTime)
	broken := errors.New("stale file handle")
	for _, n := range []int{0, 1, 200, len(collated) - 2} {
		r := io.MultiReader(strings.NewReader(collated[:n]), iotest.ErrReader(broken))
		_, err := manifests.ReadCollated(r, func(manifests.Entry) error { return nil })
		if !errors.Is(err, broken) || errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("collated, failing at %d: %v", n, err)
		}
	}
	r := io.MultiReader(strings.NewReader(index[:200]), iotest.ErrReader(broken))
	_, err := manifests.ReadPackageIndex(r, func(manifests.PackageEntry) error { return nil })
	if !errors.Is(err, broken) || errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("index: %v", err)
	}
	calls := 0
	_, err = manifests.ReadCollated(strings.NewReader(collated), func(manifests.Entry) error {
		calls++
		return broken
	})
	if !errors.Is(err, broken) || calls != 1 {
		t.Errorf("callback: %v after %d calls", err, calls)
	}
}

// endless repeats a text for ever.
type endless struct {
	text string
	rest string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.rest = e.text
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.read += n
	return n, nil
}

// A value without an end is given up, before it fills the memory.
func TestEndlessValuesAreGivenUp(t *testing.T) {
	const head = `{"indexed_date":"2026-01-31T04:05:06Z","kernels":[`
	const limit = 2 << 20
	fill := strings.Repeat("x", 1<<16)
	tests := map[string]struct{ start, repeat string }{
		"string":           {head + `{"kernel_name":"`, fill},
		"packages":         {head + `{"packages":[{"name":"a"}`, `,{"name":"` + fill + `"}`},
		"foreign field":    {head + `{"x":[0`, "," + strings.Repeat("1", 1<<16)},
		"foreign member":   {`{"x":"`, fill},
		"white space":      {head, strings.Repeat(" ", 1<<16)},
		"key":              {`{"`, fill},
		"brackets":         {`{"x":`, strings.Repeat("[", 1<<16)},
		"objects in array": {head + `{"x":`, strings.Repeat(`{"x":`, 1<<13)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tail := &endless{text: test.repeat}
			err := manifests.ReadCollatedLimit(io.MultiReader(strings.NewReader(test.start), tail), limit)
			if !errors.Is(err, manifests.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			if tail.read > limit+1<<20 {
				t.Errorf("%d bytes were read", tail.read)
			}
		})
	}
}

// The limit that is in force is the one of a manifest.
func TestReadCollatedRefusesAHugeKernel(t *testing.T) {
	tail := &endless{text: strings.Repeat("x", 1<<16)}
	r := io.MultiReader(strings.NewReader(`{"kernels":[{"kernel_name":"`), tail)
	_, err := manifests.ReadCollated(r, func(manifests.Entry) error { return nil })
	if !errors.Is(err, manifests.ErrInvalid) || tail.read < manifests.MaxManifestBytes || tail.read > 2*manifests.MaxManifestBytes {
		t.Errorf("after %d bytes: %v", tail.read, err)
	}
}

// Add keeps the order and the rules; after an error the document is lost.
func TestCollatedWriterRefuses(t *testing.T) {
	a, b := kernel("R/a/1", "4"), kernel("R/b/1", "4", "x 1 r")
	tests := map[string]struct {
		add  []manifests.Entry
		want string
	}{
		"names out of order":     {[]manifests.Entry{manifests.NewEntry(b), manifests.NewEntry(a)}, "R/a/1 stands after R/b/1"},
		"languages out of order": {[]manifests.Entry{manifests.NewEntry(a), manifests.NewEntry(kernel("Python/z/1", "3"))}, "stands after"},
		"kernel twice":           {[]manifests.Entry{manifests.NewEntry(a), manifests.NewEntry(a)}, "kernel R/a/1 appears twice"},
		"unsorted packages":      {[]manifests.Entry{{Manifest: kernel("R/a/1", "4", "b 1 r", "a 1 r"), ManifestPath: "R/a/1/package_manifest.json", PackageCount: 2}}, `"a" stands after "b"`},
		"wrong path":             {[]manifests.Entry{{Manifest: kernel("R/b/1", "4", "b 1 r"), ManifestPath: "R/a/1/package_manifest.json", PackageCount: 1}}, "manifest_path is"},
		"wrong count":            {[]manifests.Entry{{Manifest: kernel("R/b/1", "4", "b 1 r"), ManifestPath: "R/b/1/package_manifest.json"}}, "package_count is 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := manifests.NewCollatedWriter(&memFile{}, testTime)
			var err error
			for _, e := range test.add {
				err = w.Add(e)
			}
			if !errors.Is(err, manifests.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if again := w.Add(manifests.NewEntry(b)); !errors.Is(again, err) {
				t.Errorf("Add after it: %v", again)
			}
			if _, closed := w.Close(); !errors.Is(closed, err) {
				t.Errorf("Close after it: %v", closed)
			}
		})
	}
}

// Versions of one name stand in whatever order the caller decided on.
func TestCollatedWriterLeavesVersionsToTheCaller(t *testing.T) {
	for _, versions := range [][]string{{"1.9", "1.10"}, {"1.10", "1.9"}} {
		var ms []manifests.Manifest
		for _, v := range versions {
			ms = append(ms, kernel("R/pecan/"+v, "4"))
		}
		collated, _, _ := collate(t, entries(ms...), testTime)
		es, _, err := readCollated(collated)
		if err != nil || es[0].KernelVersion != versions[0] || es[1].KernelVersion != versions[1] {
			t.Errorf("%v: %v", versions, err)
		}
	}
}

// Until it is closed, and if it never is, nothing reads the file as complete or
// as one without a generation.
func TestCollatedWriterIsInvalidUntilClosed(t *testing.T) {
	out := &memFile{}
	w := manifests.NewCollatedWriter(out, testTime)
	big := kernel("R/big/1", "4")
	for i := range 20_000 {
		big.Packages = append(big.Packages, manifests.Package{Name: fmt.Sprintf("p%06d", i), Source: "r"})
	}
	if err := w.Add(manifests.NewEntry(big)); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		t.Fatal("nothing was written yet")
	}
	for _, end := range []string{"", "\n]}\n"} {
		if _, _, err := readCollated(out.String() + end); !errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("with %q: %v", end, err)
		}
	}
	h, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := readCollated(out.String()); err != nil || got != h {
		t.Errorf("closed: %v, %v, want %v", got, err, h)
	}
	if _, err := w.Close(); err == nil {
		t.Error("closed twice")
	}
}

// failingOutput fails after some bytes, or when the header is patched.
type failingOutput struct {
	memFile
	room    int
	patched error
}

func (f *failingOutput) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, io.ErrShortWrite
	}
	return f.memFile.Write(p)
}

func (f *failingOutput) WriteAt(p []byte, at int64) (int, error) {
	if f.patched != nil {
		return 0, f.patched
	}
	return f.memFile.WriteAt(p, at)
}

func TestCollateReturnsErrorsOfTheOutput(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]manifests.Outputs{
		"collated": {Collated: &failingOutput{room: 10}, Index: &bytes.Buffer{}},
		"header":   {Collated: &failingOutput{room: 1 << 20, patched: broken}, Index: &bytes.Buffer{}},
		"index":    {Collated: &memFile{}, Index: &failingOutput{room: 10}},
	}
	for name, out := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := manifests.Collate(t.Context(), entries(goodStore()...), testTime, out)
			if !errors.Is(err, io.ErrShortWrite) && !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
		})
	}
}
