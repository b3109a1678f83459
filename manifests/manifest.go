package manifests

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Source says how a package got into a kernel's list.
type Source string

// The sources there are.
const (
	// SourceR is an entry of the R library.
	SourceR Source = "r"
	// SourceConda is a conda record in any kernel but a Python one.
	SourceConda Source = "conda"
	// SourcePython is anything `conda list` shows in a Python kernel.
	SourcePython Source = "python"
)

// Package is one package of a kernel. Version may be empty, for R keeps packages
// without one, and so may the name: `conda list` shows a Python distribution
// whose metadata names none under the empty name. Build and channel are known
// of what conda lists only.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  Source `json:"source"`
	Build   string `json:"build,omitempty"`
	Channel string `json:"channel,omitempty"`
}

// KernelKey names a kernel: the three directories from the kernel root to it.
type KernelKey struct {
	Language string `json:"language"`
	Name     string `json:"kernel_name"`
	Version  string `json:"kernel_version"`
}

// String returns the kernel's path relative to the kernel root, e.g. R/pecan/1.9.
func (k KernelKey) String() string { return k.Language + "/" + k.Name + "/" + k.Version }

func (k KernelKey) clean() KernelKey {
	return KernelKey{cleanText(k.Language), cleanText(k.Name), cleanText(k.Version)}
}

// check refuses what cannot be the names of directories.
func (k KernelKey) check() error {
	return cmp.Or(
		checkSegment("kernel_name", k.Name), checkSegment("kernel_version", k.Version), checkSegment("language", k.Language))
}

// compareGroup orders kernels by language and name, both in byte order. The
// order of the versions of one name is the caller's: it needs conda's rules.
func (k KernelKey) compareGroup(o KernelKey) int {
	return cmp.Or(cmp.Compare(k.Language, o.Language), cmp.Compare(k.Name, o.Name))
}

// Manifest is package_manifest.json: what one kernel holds. The order of the
// fields is the order on disk.
//
// indexed_date is never empty in a valid document; it is omitempty only so
// that the generation can be taken of the content without it.
type Manifest struct {
	KernelName      string    `json:"kernel_name"`
	KernelVersion   string    `json:"kernel_version"`
	Language        string    `json:"language"`
	LanguageVersion string    `json:"language_version"`
	IndexedDate     string    `json:"indexed_date,omitempty"`
	Packages        []Package `json:"packages"`
	// Fingerprint is what the indexer remembers of the kernel's files to see
	// that nothing changed. The original wrote none.
	Fingerprint string `json:"fingerprint,omitempty"`
	KernelInfo
}

// Key returns the kernel's name.
func (m *Manifest) Key() KernelKey { return KernelKey{m.Language, m.KernelName, m.KernelVersion} }

// SortPackages puts packages into the order of the documents: by name
// (case-folded, then byte order), then by source. The few that agree in both,
// because their names differed in bytes that are not UTF-8, go by the other fields.
func SortPackages(p []Package) {
	if !slices.IsSortedFunc(p, comparePackages) {
		slices.SortStableFunc(p, comparePackages)
	}
}

func comparePackages(a, b Package) int {
	return cmp.Or(
		compareFold(a.Name, b.Name), cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Version, b.Version), cmp.Compare(a.Build, b.Build), cmp.Compare(a.Channel, b.Channel))
}

// Encode returns the document: pretty-printed with two spaces as jq does it,
// nothing escaped that JSON does not ask for, with a newline at the end. It
// works on a normalised copy: text that is not UTF-8 is mended with U+FFFD (one
// for a lone surrogate, else one for each bad byte), packages are sorted, and
// those that became one by the mending are written once. It fails with
// [ErrInvalid] where the result does not [Manifest.Validate].
func (m Manifest) Encode() ([]byte, error) {
	m.normalize()
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return encodePretty(&m)
}

// DecodeManifest reads a package_manifest.json. It accepts the original's
// files, unknown fields and any field order. With a fingerprint the file is
// ours and must pass [Manifest.Validate]. Failures are [ErrInvalid].
func DecodeManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := decodeStrict(data, &m); err != nil {
		return Manifest{}, err
	}
	check := m.check
	if m.Fingerprint != "" {
		check = m.Validate
	}
	if err := check(); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// ReadManifest decodes the manifest at name in fsys, a regular file of at most
// [MaxManifestBytes]. Failures are [ErrInvalid], fs.ErrNotExist or another
// error of the file system.
func ReadManifest(fsys fs.FS, name string) (Manifest, error) {
	data, err := readSmall(fsys, name, MaxManifestBytes)
	if err != nil {
		return Manifest{}, err
	}
	m, err := DecodeManifest(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// Validate checks every rule for a manifest of ours: those of the package
// comment's first level, sorted packages, and no package twice with all it says.
func (m *Manifest) Validate() error {
	if err := m.check(); err != nil {
		return err
	}
	for i := 1; i < len(m.Packages); i++ {
		p, q := m.Packages[i-1], m.Packages[i]
		switch c := comparePackages(p, q); {
		case c == 0:
			return invalid("%s: package %q %s appears twice from source %s", m.Key(), q.Name, q.Version, q.Source)
		case c > 0:
			return invalid("%s: package %q stands after %q", m.Key(), q.Name, p.Name)
		}
	}
	return nil
}

// check holds for manifests of any origin.
func (m *Manifest) check() error {
	err := cmp.Or(m.Key().check(), checkTime("indexed_date", m.IndexedDate))
	if err != nil {
		return err
	}
	if m.Packages == nil {
		return invalid("%s: no packages array", m.Key())
	}
	for _, p := range m.Packages {
		if !p.Source.known() {
			return invalid("%s: package %q has unknown source %q", m.Key(), p.Name, p.Source)
		}
	}
	return nil
}

func (s Source) known() bool { return s == SourceR || s == SourceConda || s == SourcePython }

// encodePretty writes a small document as the original's jq did.
func encodePretty(v any) ([]byte, error) {
	b, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return append(b, '\n'), nil
}

// decodeStrict reads a small document: exactly one JSON value, no repeated
// keys, valid UTF-8, field names matched with their case.
func decodeStrict(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return invalid("%w", err)
	}
	return nil
}
