package reload_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"
)

// A run that finds nothing changed leaves the documents alone, and their date: the end of the run is then when the
// content was last known to be true.
func TestConfirmed(t *testing.T) {
	load := func(documents texts) *catalog.Catalog {
		t.Helper()
		dir := t.TempDir()
		for i, name := range []string{manifests.CollatedName, manifests.PackageIndexName} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(documents[i]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		collated, index := manifests.PairIn(os.DirFS(dir))
		c, err := catalog.Load(context.Background(), collated, index)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ours, original := load(pairOf(t, "1.9")), load(originalPair("1.9"))
	later, earlier := "2026-01-31T08:00:00Z", "2026-01-30T08:00:00Z"
	for _, c := range []struct {
		name    string
		catalog *catalog.Catalog
		status  *manifests.Status
		want    string
	}{
		{"no run known", ours, nil, "2026-01-31T04:05:06Z"},
		{"the same generation found again", ours, &manifests.Status{End: later, Generation: ours.Generation()}, later},
		{"the run that wrote the documents", ours, &manifests.Status{End: earlier, Generation: ours.Generation()}, "2026-01-31T04:05:06Z"},
		{"a run that failed", ours, &manifests.Status{End: later, ExitCode: 4, Generation: ours.Generation()}, "2026-01-31T04:05:06Z"},
		{"a run that published what is not served yet", ours, &manifests.Status{End: later, Generation: "f00"}, "2026-01-31T04:05:06Z"},
		{"a run that did not collate, beside files without a generation", original, &manifests.Status{End: later}, "2026-01-31T04:05:06Z"},
		{"an end that is none", ours, &manifests.Status{End: "soon", Generation: ours.Generation()}, "2026-01-31T04:05:06Z"},
	} {
		view := &reload.View{Catalog: c.catalog, Status: c.status}
		if got := view.Confirmed().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
