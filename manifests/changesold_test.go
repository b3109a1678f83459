package manifests_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kernelindexer/manifests"
)

// An old pair that was lost is no reason to forget what is known of the same content.
func TestOldPairThatWasLost(t *testing.T) {
	dir := t.TempDir()
	a, b := kernel("R/a/1", "4"), kernel("R/b/1", "4")
	quietly(t, dir, later(0), a)
	quietly(t, dir, later(1), a, b)
	before := files(t, dir)[manifests.ChangesName]
	for _, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	quietly(t, dir, later(2), a, b)
	diff(t, "document", before, files(t, dir)[manifests.ChangesName])
}

// An old pair that cannot be compared with makes the run a first one, of whole
// content, whenever that comes to light; what is known to be gone stays so.
func TestOldPairThatCannotBeRead(t *testing.T) {
	var store []manifests.Manifest
	for i := range 9 {
		store = append(store, kernel(fmt.Sprintf("R/k%d/1", i), "4", "a 1 r", "b 1 r"))
	}
	lines := func(edit func([]string) []string) func(string) string {
		return func(s string) string { return strings.Join(edit(strings.SplitAfter(s, "\n")), "") }
	}
	for name, damage := range map[string]func(string) string{
		"empty":      func(string) string { return "" },
		"garbage":    func(string) string { return "\x00\n\n" },
		"blank":      func(s string) string { return strings.Replace(s, s[49:81], strings.Repeat("-", 32), 1) },
		"cut header": func(s string) string { return s[:60] },
		"cut":        func(s string) string { return s[:len(s)*2/3] },
		"cut lines":  lines(func(l []string) []string { return l[:6] }),
		"line lost":  lines(func(l []string) []string { return slices.Delete(l, 3, 4) }),
		"line twice": lines(func(l []string) []string { return slices.Insert(l, 3, l[3]) }),
		"disorder":   lines(func(l []string) []string { l[3], l[4] = l[4], l[3]; return l }),
		"no names":   func(s string) string { return strings.Replace(s, `"kernel_name":"k5"`, `"name":"k5"`, 1) },
		"empty name": func(s string) string { return strings.Replace(s, `"kernel_name":"k5"`, `"kernel_name":""`, 1) },
		"a path":     func(s string) string { return strings.Replace(s, `"language":"R"`, `"language":"../R"`, 1) },
		"not UTF-8": func(s string) string {
			return strings.Replace(s, `"kernel_name":"k5"`, "\"kernel_name\":\"k5\xff\"", 1)
		},
		"bad date":   func(s string) string { return strings.Replace(s, "2026-01-31T05", "2026-01-31 05", 1) },
		"no version": func(s string) string { return strings.Replace(s, `"version":"1"`, `"version":1`, 1) },
		"long line":  func(s string) string { return strings.Replace(s, `"k5"`, `"`+strings.Repeat("k", 17<<20), 1) },
		"pretty":     func(s string) string { return strings.Replace(s, `{"indexed_date"`, "{\n\"indexed_date\"", 1) },
		"original":   func(s string) string { return strings.Replace(s, s[35:83], "", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			quietly(t, dir, later(0), append(store[:9:9], kernel("R/gone/1", "4"))...)
			quietly(t, dir, later(1), store...)
			path := filepath.Join(dir, manifests.CollatedName)
			before := files(t, dir)[manifests.CollatedName]
			if err := os.WriteFile(path, []byte(damage(before)), 0o644); err != nil {
				t.Fatal(err)
			}
			changed := slices.Clone(store)
			for i := range changed {
				changed[i].Packages = changed[i].Packages[:1]
			}
			warned := publishChanges(t, dir, manifests.Atomic, later(2), changed...)
			if len(warned) != 1 || !strings.Contains(warned[0], "what changed is not known") || len(warned[0]) > 400 {
				t.Errorf("warned of %q", warned)
			}
			got := readChanges(t, dir)
			if len(got.Runs) != 1 || got.Runs[0].Previous != "" || len(got.Runs[0].Added) != 9 || len(got.Gone) != 1 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A line of the old index can be told from one of the new one without decoding either: less date and fingerprint, both
// are what the generation counts, whatever texts are in them.
func TestContentOfALine(t *testing.T) {
	odd := with(kernel("R/k/1", "4", "a 1 r"), func(m *manifests.Manifest) {
		m.Description = `","fingerprint":"x","indexed_date":"y`
		m.Packages = append(m.Packages, manifests.Package{Name: `b","indexed_date":"`, Version: `,"fingerprint":"`, Source: manifests.SourceR})
	})
	bare := with(kernel("R/l/1", "4"), func(m *manifests.Manifest) { m.Fingerprint = "" })
	for _, m := range append(goodStore(), odd, bare) {
		line := func(date, fingerprint string) string {
			m.IndexedDate, m.Fingerprint = date, fingerprint
			text, _, sum := collate(t, entries(m), testTime)
			line := strings.Split(text, "\n")[1]
			digest := sha256.Sum256(append(manifests.Content(nil, []byte(line)), '\n'))
			diff(t, "generation", sum.Generation, hex.EncodeToString(digest[:16]))
			return line
		}
		one, other := line("2026-01-31T04:00:00Z", m.Fingerprint), line("2027-12-01T00:00:00Z", "v2:other")
		a, b := string(manifests.Content(nil, []byte(one))), string(manifests.Content([]byte("x"), []byte(other)))
		diff(t, m.KernelName, a, b)
		if gone := len(one) - len(a); gone < 38 || strings.Contains(a, "2026-01-31") {
			t.Errorf("%d bytes less: %s", gone, a)
		}
	}
}
