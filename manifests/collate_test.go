package manifests_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kernelindexer/manifests"
)

// The same content has the same generation whatever the dates and fingerprints;
// any other difference shows.
func TestGenerationIsOfTheContentWithoutDates(t *testing.T) {
	_, _, base := collate(t, entries(goodStore()...), testTime)
	same := map[string]func(*manifests.Manifest){
		"date":        func(m *manifests.Manifest) { m.IndexedDate = "2020-01-01T00:00:00Z" },
		"fingerprint": func(m *manifests.Manifest) { m.Fingerprint = "another" },
	}
	other := map[string]func(*manifests.Manifest){
		"kernel version":   func(m *manifests.Manifest) { m.KernelVersion = "1.1" },
		"language version": func(m *manifests.Manifest) { m.LanguageVersion = "3.12" },
		"package name":     func(m *manifests.Manifest) { m.Packages[0].Name = "_libgcc_mutey" },
		"package version":  func(m *manifests.Manifest) { m.Packages[0].Version = "0.2" },
		"package source":   func(m *manifests.Manifest) { m.Packages[0].Source = "conda" },
		"build":            func(m *manifests.Manifest) { m.Packages[0].Build = "x" },
		"channel":          func(m *manifests.Manifest) { m.Packages[0].Channel = "x" },
		"package gone":     func(m *manifests.Manifest) { m.Packages = m.Packages[1:] },
		"description":      func(m *manifests.Manifest) { m.Description = "x" },
		"deprecated":       func(m *manifests.Manifest) { m.Deprecated = true },
	}
	generation := func(change func(*manifests.Manifest)) string {
		ms := goodStore()
		change(&ms[0])
		collated, index, sum := collate(t, entries(ms...), testTime.Add(time.Hour))
		for _, doc := range []string{collated, index} {
			if !strings.Contains(doc, `"generation":"`+sum.Generation+`"`) {
				t.Errorf("a document has another generation than %s", sum.Generation)
			}
		}
		return sum.Generation
	}
	for name, change := range same {
		if got := generation(change); got != base.Generation {
			t.Errorf("%s: another generation, %s", name, got)
		}
	}
	for name, change := range other {
		if got := generation(change); got == base.Generation {
			t.Errorf("%s: the same generation", name)
		}
	}
}

// The definition in the documentation, computed without this package's code.
func TestGenerationIsTheDigestOfTheLines(t *testing.T) {
	collated, _, sum := collate(t, entries(goodStore()...), testTime)
	h := sha256.New()
	for _, line := range strings.Split(collated, "\n") {
		if !strings.HasPrefix(line, `{"kernel_name"`) {
			continue
		}
		line = strings.TrimSuffix(line, ",")
		var e struct {
			Date        string `json:"indexed_date"`
			Fingerprint string `json:"fingerprint"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		line = strings.Replace(line, `"indexed_date":"`+e.Date+`",`, "", 1)
		line = strings.Replace(line, `"fingerprint":"`+e.Fingerprint+`",`, "", 1)
		h.Write([]byte(line + "\n"))
	}
	if want := hex.EncodeToString(h.Sum(nil))[:32]; sum.Generation != want {
		t.Errorf("got %s, want %s", sum.Generation, want)
	}
}

// An administrator can check a generation with jq and sha256sum.
func TestGenerationIsWhatJqSays(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is missing (apt-get install jq)")
	}
	collated, _, sum := collate(t, entries(goodStore()...), testTime)
	cmd := exec.Command("sh", "-c", `jq -c '.kernels[] | del(.indexed_date, .fingerprint)' | sha256sum | cut -c1-32`)
	cmd.Stdin = strings.NewReader(collated)
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.TrimSpace(string(got)); s != sum.Generation {
		t.Errorf("jq says %s, the file %s", s, sum.Generation)
	}
}

// Either document alone is the one that both together would be.
func TestCollateWritesEitherDocumentAlone(t *testing.T) {
	collated, index, both := collate(t, entries(goodStore()...), testTime)
	c, x := &memFile{}, &bytes.Buffer{}
	for name, out := range map[string]manifests.Outputs{
		"collated": {Collated: c}, "index": {Index: x}, "neither": {},
	} {
		sum, err := manifests.Collate(t.Context(), entries(goodStore()...), testTime, out)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, name, both, sum)
	}
	diff(t, "collated", collated, c.String())
	diff(t, "index", index, x.String())
}

func TestCollateOfNothing(t *testing.T) {
	collated, index, sum := collate(t, entries(), testTime)
	const generation = "e3b0c44298fc1c149afbf4c8996fb924" // of no bytes
	diff(t, "summary", manifests.Summary{Generation: generation}, sum)
	diff(t, "collated", `{"indexed_date":"2026-01-31T04:05:06Z","generation":"`+generation+`","total_kernels":      0,"kernels":[`+"\n]}\n", collated)
	diff(t, "index", `{"indexed_date":"2026-01-31T04:05:06Z","generation":"`+generation+`","total_packages":0,"packages":[`+"\n]}\n", index)
	if _, _, err := readCollated(collated); err != nil {
		t.Error(err)
	}
}

// The error of the source ends a collation; so does a canceled context.
func TestCollateStops(t *testing.T) {
	broken := errors.New("broken manifest")
	_, err := manifests.Collate(t.Context(), func(yield func(manifests.Entry, error) bool) {
		if yield(manifests.Entry{}, broken) {
			t.Error("the source was asked for more")
		}
	}, testTime, manifests.Outputs{})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	_, err = manifests.Collate(ctx, func(yield func(manifests.Entry, error) bool) {
		yield(manifests.NewEntry(kernel("R/a/1", "4")), nil)
		cancel(interrupted)
		if yield(manifests.NewEntry(kernel("R/b/1", "4")), nil) {
			t.Error("the source was asked for more")
		}
	}, testTime, manifests.Outputs{})
	if !errors.Is(err, interrupted) {
		t.Errorf("got %v", err)
	}
	if _, err := manifests.Collate(ctx, entries(), testTime, manifests.Outputs{Index: &bytes.Buffer{}}); err != nil {
		t.Errorf("nothing left to do, but: %v", err)
	}
}

// The index of more rows than one block of the log holds, with long chains.
func TestCollateIndexesManyRows(t *testing.T) {
	const kernels, packages = 120, 300 // one block is 32768 rows
	var ms []manifests.Manifest
	for k := range kernels {
		m := benchManifest(k)
		m.Packages[0] = manifests.Package{Name: "a-common", Version: m.Packages[0].Version, Source: "python"}
		ms = append(ms, m)
	}
	collated, index, sum := collate(t, entries(ms...), testTime)
	if sum.Rows != kernels*packages {
		t.Errorf("%d rows", sum.Rows)
	}
	rows := 0
	_, err := manifests.ReadPackageIndex(strings.NewReader(index), func(p manifests.PackageEntry) error {
		rows += len(p.Kernels)
		if p.Name == "a-common" && len(p.Kernels) != kernels {
			t.Errorf("%s is in %d kernels", p.Name, len(p.Kernels))
		}
		return nil
	})
	if err != nil || rows != sum.Rows {
		t.Errorf("%d rows in the index, %v", rows, err)
	}
	dir := t.TempDir()
	publish(t, dir, testTime, ms...)
	c, x := manifests.PairIn(os.DirFS(dir))
	if _, err := manifests.ValidateStore(t.Context(), c, x, nil, func(err error) { t.Error(err) }); err != nil {
		t.Error(err)
	}
	diff(t, "published", collated, files(t, dir)[manifests.CollatedName])
}
