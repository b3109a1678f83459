package manifests

import (
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Entry is one kernel in collated_manifests.json: its manifest, where that is
// relative to the kernel root, and the number of its packages.
type Entry struct {
	Manifest
	ManifestPath string `json:"manifest_path"`
	PackageCount int    `json:"package_count"`
}

// NewEntry returns the entry of a manifest, normalised as it will be written
// (see [Manifest.Encode]); m itself is not changed.
func NewEntry(m Manifest) Entry {
	m.normalize()
	return Entry{Manifest: m, ManifestPath: ManifestPath(m.Key()), PackageCount: len(m.Packages)}
}

// Validate checks every rule for an entry of ours.
func (e *Entry) Validate() error {
	if err := e.check(); err != nil {
		return err
	}
	if err := e.Manifest.Validate(); err != nil {
		return err
	}
	if want := ManifestPath(e.Key()); e.ManifestPath != want {
		return invalid("%s: manifest_path is %q", e.Key(), e.ManifestPath)
	}
	return nil
}

// check holds for entries of any origin.
func (e *Entry) check() error {
	if err := e.Manifest.check(); err != nil {
		return err
	}
	if e.PackageCount != len(e.Packages) {
		return invalid("%s: package_count is %d, packages are %d", e.Key(), e.PackageCount, len(e.Packages))
	}
	if e.ManifestPath == "" {
		return invalid("%s: no manifest_path", e.Key())
	}
	return nil
}

// CollatedHeader is what collated_manifests.json says beside its kernels.
// Generation is empty in files of the original.
type CollatedHeader struct {
	IndexedDate  string
	Generation   string
	TotalKernels int
}

// ReadCollated reads a collated_manifests.json and calls each for every kernel
// in the order of the file; the entry is the callee's to keep. The memory in use is one
// kernel's and all kernels' names. Files of the original, any order of fields
// and any white space are accepted.
//
// The header is returned at the end because it may stand there. Until
// ReadCollated returns without an error nothing that each was given may be
// used. Errors are [ErrInvalid], an error of r, or what each returned.
func ReadCollated(r io.Reader, each func(Entry) error) (CollatedHeader, error) {
	c := collatedReader{header: CollatedHeader{TotalKernels: -1}, each: each, order: newOrder()}
	doc := document{array: "kernels", maxBytes: MaxManifestBytes, header: c.readHeader, element: c.readEntry}
	if err := doc.read(r); err != nil {
		return CollatedHeader{}, err
	}
	if err := c.finish(); err != nil {
		return CollatedHeader{}, err
	}
	return c.header, nil
}

type collatedReader struct {
	header CollatedHeader
	each   func(Entry) error
	order  *order
	count  int
	// notOurs is the first fault that only a file without a generation may
	// have. The generation usually is known before the kernels, but need not be.
	notOurs error
}

func (c *collatedReader) readHeader(name string, dec *jsontext.Decoder) error {
	switch name {
	case "indexed_date":
		return decodeNext(dec, &c.header.IndexedDate)
	case "total_kernels":
		return decodeNext(dec, &c.header.TotalKernels)
	case "generation":
		return decodeGeneration(dec, &c.header.Generation)
	}
	return skipNext(dec)
}

func (c *collatedReader) readEntry(dec *jsontext.Decoder) error {
	e := Entry{PackageCount: -1}
	if err := decodeNext(dec, &e); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return err
	}
	if err := c.order.addNew(e.Key()); err != nil {
		return err
	}
	if c.notOurs == nil {
		c.notOurs = firstError(e.Validate, c.order.sorted)
	}
	if c.notOurs != nil && c.header.Generation != "" {
		return c.notOurs
	}
	c.count++
	return c.each(e)
}

func (c *collatedReader) finish() error {
	if err := checkTime("indexed_date", c.header.IndexedDate); err != nil {
		return err
	}
	if c.count != c.header.TotalKernels {
		return invalid("total_kernels is %d, kernels are %d", c.header.TotalKernels, c.count)
	}
	if c.header.Generation != "" {
		return c.notOurs
	}
	return nil
}

// decodeGeneration reads a generation. Who has the field means it: an empty one
// does not make a file the original's.
func decodeGeneration(dec *jsontext.Decoder, g *string) error {
	if err := decodeNext(dec, g); err != nil {
		return err
	}
	return checkGeneration(*g)
}
