package manifests

import (
	"fmt"
	"io/fs"
)

// Phase is a phase of a run, in the order they come.
type Phase string

// The phases of a run.
const (
	PhaseDependencies Phase = "dependencies"
	PhaseRoot         Phase = "root"
	PhaseLock         Phase = "lock"
	PhaseIndex        Phase = "index"
	PhaseCollate      Phase = "collate"
)

// Status is index_status.json: how the last run went, also when it failed.
type Status struct {
	Start    string `json:"start"`
	End      string `json:"end"`
	ExitCode int    `json:"exit_code"` // what the process ended with, 0 to 255
	Phase    Phase  `json:"phase"`     // the last phase that was begun
	Lister   string `json:"lister,omitempty"`
	Kernels  int    `json:"kernels"`  // found
	Indexed  int    `json:"indexed"`  // listed in this run
	Reused   int    `json:"reused"`   // kept from an earlier run
	Packages int    `json:"packages"` // of all kernels together
	// FailedKernel is the first kernel that could not be indexed, by its path
	// relative to the kernel root; Error is why, or why the run failed.
	FailedKernel string `json:"failed_kernel,omitempty"`
	Error        string `json:"error,omitempty"`
	// Generation is that of the pair this run published or found to be still
	// right; none if it failed or did not collate.
	Generation string `json:"generation,omitempty"`
	// Inputs digests the manifests that the pair was made of and the pair, by
	// what a stat shows. An incremental run writes it for the next one.
	Inputs string `json:"inputs,omitempty"`
}

// Validate checks dates, phase, counts and that exit code and error agree.
func (s *Status) Validate() error {
	if err := checkTime("start", s.Start); err != nil {
		return err
	}
	if err := checkTime("end", s.End); err != nil {
		return err
	}
	switch s.Phase {
	case PhaseDependencies, PhaseRoot, PhaseLock, PhaseIndex, PhaseCollate:
	default:
		return invalid("unknown phase %q", s.Phase)
	}
	if min(s.Kernels, s.Indexed, s.Reused, s.Packages) < 0 {
		return invalid("a count is negative")
	}
	if s.ExitCode < 0 || s.ExitCode > 255 {
		return invalid("exit_code is %d", s.ExitCode)
	}
	if (s.ExitCode == 0) != (s.Error == "") {
		return invalid("exit_code is %d, error is %q", s.ExitCode, s.Error)
	}
	if s.Generation != "" {
		return checkGeneration(s.Generation)
	}
	return nil
}

// Encode returns the document, pretty-printed; text that is not UTF-8 is mended
// as in [Manifest.Encode]. Failures are [ErrInvalid].
func (s Status) Encode() ([]byte, error) {
	s.Lister, s.FailedKernel, s.Error = cleanText(s.Lister), cleanText(s.FailedKernel), cleanText(s.Error)
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return encodePretty(&s)
}

// DecodeStatus reads an index_status.json. Failures are [ErrInvalid].
func DecodeStatus(data []byte) (Status, error) {
	var s Status
	if err := decodeStrict(data, &s); err != nil {
		return Status{}, err
	}
	if err := s.Validate(); err != nil {
		return Status{}, err
	}
	return s, nil
}

// WriteStatus publishes the status in d.
func (d *Dir) WriteStatus(s Status) error {
	data, err := s.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", StatusName, err)
	}
	return d.writeFile(StatusName, data)
}

// ReadStatus reads the index_status.json in fsys. Failures are [ErrInvalid],
// fs.ErrNotExist or another error of the file system.
func ReadStatus(fsys fs.FS) (Status, error) {
	data, err := readSmall(fsys, StatusName, MaxStatusBytes)
	if err != nil {
		return Status{}, err
	}
	s, err := DecodeStatus(data)
	if err != nil {
		return Status{}, fmt.Errorf("%s: %w", StatusName, err)
	}
	return s, nil
}
