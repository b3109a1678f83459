package matchspec_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv/matchspec"
)

// readJSON decodes a file of testdata.
func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// orderVectors is version_order.json: groups of equal versions from low to high, pairs with their order, and texts that
// are no versions with conda's message.
type orderVectors struct {
	Order   [][]string          `json:"order"`
	Pairs   [][]json.RawMessage `json:"pairs"`
	Invalid []struct{ Version, Error string }
}

func TestVersionOrderIsConda(t *testing.T) {
	var vectors orderVectors
	readJSON(t, "version_order.json", &vectors)
	if len(vectors.Order) == 0 || len(vectors.Pairs) == 0 || len(vectors.Invalid) == 0 {
		t.Fatal("vectors are missing")
	}

	var versions []matchspec.Version
	var groups []int
	for group, texts := range vectors.Order {
		for _, text := range texts {
			versions, groups = append(versions, mustVersion(t, text)), append(groups, group)
		}
	}
	for i, v := range versions {
		for j, w := range versions {
			if got, want := v.Compare(w), sign(groups[i]-groups[j]); got != want {
				t.Errorf("%s compared with %s: %d, conda %d", v.Text(), w.Text(), got, want)
			}
		}
	}
	for _, pair := range vectors.Pairs {
		checkPair(t, pair)
	}
	for _, invalid := range vectors.Invalid {
		_, err := matchspec.ParseVersion(invalid.Version)
		var parse *matchspec.ParseError
		if !errors.As(err, &parse) {
			t.Errorf("%q: error %v, conda %s", invalid.Version, err, invalid.Error)
			continue
		}
		if got := "Invalid version '" + parse.Text + "': " + parse.Reason; got != invalid.Error {
			t.Errorf("%q: conda's message would be %q, is %q", invalid.Version, got, invalid.Error)
		}
	}
}

// checkPair tests [lower, higher, order] both ways.
func checkPair(t *testing.T, pair []json.RawMessage) {
	t.Helper()
	var x, y string
	var want int
	for i, into := range []any{&x, &y, &want} {
		if err := json.Unmarshal(pair[i], into); err != nil {
			t.Fatal(err)
		}
	}
	v, w := mustVersion(t, x), mustVersion(t, y)
	if got := v.Compare(w); got != want {
		t.Errorf("%s compared with %s: %d, conda %d", x, y, got, want)
	}
	if got := w.Compare(v); got != -want {
		t.Errorf("%s compared with %s: %d, conda %d", y, x, got, -want)
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}

// specVectors is matchspec.json: specs with their canonical form and the indexes of the records they match. A spec may
// be invalid, or fail on matching.
type specVectors struct {
	Records []jsonRecord
	Specs   []struct {
		Spec       string
		Canonical  string
		Matches    []int
		Invalid    bool
		MatchError string `json:"match_error"`
	}
}

// jsonRecord is a record with conda's names of the fields.
type jsonRecord struct {
	Name, Version, Build string
	BuildNumber          int64 `json:"build_number"`

	Channel, Subdir, URL, MD5, SHA256, FN string

	License       string
	LicenseFamily string   `json:"license_family"`
	TrackFeatures []string `json:"track_features"`
	Features      []string
	Flags         []string
}

func (r jsonRecord) record() *matchspec.Record {
	return &matchspec.Record{
		Name: r.Name, Version: r.Version, Build: r.Build, BuildNumber: r.BuildNumber,
		Channel: r.Channel, Subdir: r.Subdir, URL: r.URL, MD5: r.MD5, SHA256: r.SHA256, FileName: r.FN,
		License: r.License, LicenseFamily: r.LicenseFamily,
		TrackFeatures: r.TrackFeatures, Features: r.Features, Flags: r.Flags,
	}
}

func TestSpecsMatchAsConda(t *testing.T) {
	var vectors specVectors
	readJSON(t, "matchspec.json", &vectors)
	if len(vectors.Specs) == 0 || len(vectors.Records) == 0 {
		t.Fatal("vectors are missing")
	}
	for _, want := range vectors.Specs {
		spec, err := matchspec.Parse(want.Spec)
		if (err != nil) != want.Invalid {
			t.Errorf("%q: error %v, conda has it invalid: %v", want.Spec, err, want.Invalid)
		}
		if err != nil {
			continue
		}
		if want.MatchError == "" && spec.String() != want.Canonical {
			t.Errorf("%q: canonical %q, conda %q", want.Spec, spec.String(), want.Canonical)
		}
		matches, err := matchAll(spec, vectors.Records)
		if (err != nil) != (want.MatchError != "") {
			t.Errorf("%q: error %v, conda %q", want.Spec, err, want.MatchError)
		}
		if diff := cmp.Diff(want.Matches, matches); err == nil && diff != "" {
			t.Errorf("%q matches other records (-conda +ours):\n%s", want.Spec, diff)
		}
	}
}

// matchAll returns the indexes of the records that match, and the last error.
func matchAll(spec matchspec.Spec, records []jsonRecord) (matches []int, failure error) {
	matches = []int{}
	for i, r := range records {
		ok, err := spec.Match(r.record())
		if err != nil {
			failure = err
		}
		if ok {
			matches = append(matches, i)
		}
	}
	return slices.Clip(matches), failure
}
