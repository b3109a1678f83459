package manifests_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"kernelindexer/manifests"
)

func goodStatus() manifests.Status {
	return manifests.Status{
		Start: "2026-01-31T04:00:00Z", End: "2026-01-31T04:05:07Z", Phase: manifests.PhaseCollate, Lister: "files",
		Kernels: 4, Indexed: 3, Reused: 1, Packages: 9, Generation: strings.Repeat("a", 32),
	}
}

func failedStatus() manifests.Status {
	s := goodStatus()
	s.ExitCode, s.Phase, s.Generation = 4, manifests.PhaseIndex, ""
	s.FailedKernel, s.Error = "R/pecan/1.9", "conda list: \xff <timed out> & killed"
	return s
}

// A failed run says which kernel and why, mended to UTF-8; fields that say
// nothing are left out, exit code and counts never.
func TestStatusOfAFailedRun(t *testing.T) {
	data, err := failedStatus().Encode()
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "status", `{
  "start": "2026-01-31T04:00:00Z",
  "end": "2026-01-31T04:05:07Z",
  "exit_code": 4,
  "phase": "index",
  "lister": "files",
  "kernels": 4,
  "indexed": 3,
  "reused": 1,
  "packages": 9,
  "failed_kernel": "R/pecan/1.9",
  "error": "conda list: `+"\ufffd"+` <timed out> & killed"
}
`, string(data))
	got, err := manifests.DecodeStatus(data)
	if err != nil {
		t.Fatal(err)
	}
	want := failedStatus()
	want.Error = strings.ReplaceAll(want.Error, "\xff", "\ufffd")
	diff(t, "decoded", want, got)
}

func TestStatusRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*manifests.Status)
		want   string
	}{
		"no start":           {func(s *manifests.Status) { s.Start = "" }, "start"},
		"no end":             {func(s *manifests.Status) { s.End = "yesterday" }, "end"},
		"no phase":           {func(s *manifests.Status) { s.Phase = "" }, "phase"},
		"unknown phase":      {func(s *manifests.Status) { s.Phase = "dance" }, "phase"},
		"negative count":     {func(s *manifests.Status) { s.Reused = -1 }, "negative"},
		"exit code too big":  {func(s *manifests.Status) { s.ExitCode, s.Error = 256, "x" }, "exit_code"},
		"failed, no reason":  {func(s *manifests.Status) { s.ExitCode = 1 }, "error is"},
		"reason, not failed": {func(s *manifests.Status) { s.Error = "x" }, "exit_code is 0"},
		"bad generation":     {func(s *manifests.Status) { s.Generation = "A" }, "generation"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := goodStatus()
			test.change(&s)
			if _, err := s.Encode(); !errors.Is(err, manifests.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadStatusRefuses(t *testing.T) {
	good, err := goodStatus().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"empty": "", "null": "null", "truncated": string(good[:100]), "two": string(good) + string(good),
		"unknown phase": strings.Replace(string(good), "collate", "dance", 1),
		"too large":     strings.Repeat(" ", manifests.MaxStatusBytes) + string(good),
	} {
		fsys := fstest.MapFS{manifests.StatusName: {Data: []byte(data)}}
		if _, err := manifests.ReadStatus(fsys); !errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
