package matchspec_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// recording is recorded.json: generated texts, most of them odd, with what conda made of them. An outcome string has a
// letter for each text or record: 1 matches, 0 does not, E conda ends with an exception.
type recording struct {
	Versions          []string
	InvalidVersions   map[string]string `json:"invalid_versions"` // With conda's reason.
	Pairs             [][]json.RawMessage
	Texts             []string
	Conditions        [][3]string // Condition, canonical form, outcomes on Texts.
	InvalidConditions []string    `json:"invalid_conditions"`
	Records           []jsonRecord
	Specs             [][3]string // Spec, canonical form, outcomes on Records.
	MoreSpecs         [][2]string `json:"more_specs"` // Spec, canonical form.
	InvalidSpecs      []string    `json:"invalid_specs"`
}

func readRecording(t *testing.T) recording {
	t.Helper()
	var r recording
	readJSON(t, "recorded.json", &r)
	for name, n := range map[string]int{
		"versions": len(r.Versions), "pairs": len(r.Pairs), "conditions": len(r.Conditions), "specs": len(r.Specs),
		"more_specs": len(r.MoreSpecs), "invalid_specs": len(r.InvalidSpecs),
	} {
		if n == 0 {
			t.Fatalf("recorded.json has no %s", name)
		}
	}
	return r
}

func outcome(ok bool, err error) string {
	switch {
	case err != nil:
		return "E"
	case ok:
		return "1"
	default:
		return "0"
	}
}

func TestRecordedVersions(t *testing.T) {
	r := readRecording(t)
	for _, text := range r.Versions {
		if _, err := matchspec.ParseVersion(text); err != nil {
			t.Errorf("conda reads it: %v", err)
		}
	}
	for text, reason := range r.InvalidVersions {
		_, err := matchspec.ParseVersion(text)
		var parse *matchspec.ParseError
		if !errors.As(err, &parse) || parse.Reason != reason {
			t.Errorf("%q: error %v, conda %q", text, err, reason)
		}
	}
	for _, pair := range r.Pairs {
		checkPair(t, pair)
	}
}

func TestRecordedConditions(t *testing.T) {
	r := readRecording(t)
	for _, want := range r.Conditions {
		condition, err := matchspec.ParseVersionSpec(want[0])
		if err != nil {
			t.Errorf("conda reads it: %v", err)
			continue
		}
		if got := condition.String(); got != want[1] {
			t.Errorf("%q is written %q, by conda %q", want[0], got, want[1])
		}
		var got strings.Builder
		for _, text := range r.Texts {
			got.WriteString(outcome(condition.MatchText(text)))
		}
		if got.String() != want[2] {
			t.Errorf("%q on %q:\nours  %s\nconda %s", want[0], r.Texts, got.String(), want[2])
		}
	}
	for _, text := range r.InvalidConditions {
		if _, err := matchspec.ParseVersionSpec(text); err == nil {
			t.Errorf("conda refuses %q", text)
		}
	}
}

func TestRecordedSpecs(t *testing.T) {
	r := readRecording(t)
	for _, want := range r.Specs {
		spec := mustSpec(t, want[0])
		if got := spec.String(); got != want[1] {
			t.Errorf("%q is written %q, by conda %q", want[0], got, want[1])
		}
		for i, record := range r.Records {
			ok, err := spec.Match(record.record())
			if got := outcome(ok, err); got != want[2][i:i+1] {
				t.Errorf("%q on %+v: %s (%v), conda %c", want[0], record, got, err, want[2][i])
			}
		}
	}
	for _, want := range r.MoreSpecs {
		if got := mustSpec(t, want[0]).String(); got != want[1] {
			t.Errorf("%q is written %q, by conda %q", want[0], got, want[1])
		}
	}
	for _, text := range r.InvalidSpecs {
		if _, err := matchspec.Parse(text); err == nil {
			t.Errorf("conda refuses %q", text)
		}
	}
}
