package indexer_test

import (
	"context"
	"os"
	"testing"

	"kernelindexer/condaenv"
	"kernelindexer/condaenv/corpus"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

// TestWhateverCondaListsIsPublished takes every list that the real conda gave of the recorded prefixes (empty names,
// lone surrogates, versions without end) through a run: it is indexed, collated, and a reader takes the pair.
func TestWhateverCondaListsIsPublished(t *testing.T) {
	cases, err := corpus.Load("../condaenv/testdata/cases.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	lists := map[string][]corpus.Package{}
	for _, c := range cases {
		if c.ExitCode != 0 {
			continue
		}
		answers, err := c.Lists()
		if err != nil {
			t.Fatal(err)
		}
		for _, language := range []string{"Python", "R"} {
			prefix := language + "/" + c.Name + "/1"
			lists[prefix] = answers[0]
			mkdir(t, root, prefix, "conda-meta")
		}
	}
	if len(lists) < 2*60 {
		t.Fatalf("only %d lists", len(lists))
	}
	cfg, _ := config(root, fakeSource{list: func(_ context.Context, prefix string) (condaenv.Listing, error) {
		var listing condaenv.Listing
		for _, p := range lists[prefix] {
			row := condaenv.Package{Name: p.Name, Version: p.Version, Build: p.Build}
			if p.Channel != nil {
				row.Channel = *p.Channel
			}
			listing.Packages = append(listing.Packages, row)
		}
		return listing, nil
	}})
	if status, err := indexer.New(cfg).Run(t.Context()); err != nil || status.Kernels != len(lists) {
		t.Fatalf("%d kernels, %v", status.Kernels, err)
	}
	packages := map[string]int{}
	collated, index := manifests.PairIn(os.DirFS(root))
	_, err = manifests.LoadPair(t.Context(), collated, index, func(e manifests.Entry) error {
		packages[e.Key().String()] = e.PackageCount
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for prefix, list := range lists {
		if packages[prefix] != len(list) {
			t.Errorf("%s: %d packages, want %d", prefix, packages[prefix], len(list))
		}
	}
}
