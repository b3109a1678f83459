package manifests

import (
	"bufio"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// KernelRef is one row of the package index: a kernel that has the package, in
// which version and from which source. A kernel with an R entry and a conda
// record of one name has two rows.
type KernelRef struct {
	KernelName     string `json:"kernel_name"`
	KernelVersion  string `json:"kernel_version"`
	PackageVersion string `json:"package_version"`
	Source         Source `json:"source"`
	KernelLanguage string `json:"kernel_language"`
}

// Key returns the kernel's name.
func (r *KernelRef) Key() KernelKey {
	return KernelKey{r.KernelLanguage, r.KernelName, r.KernelVersion}
}

// PackageEntry is one package in package_index.json. KernelCount is the number
// of rows, as the original counts. Rows stand in the order of the collated
// file, those of one kernel by source.
type PackageEntry struct {
	Name        string      `json:"name"`
	KernelCount int         `json:"kernel_count"`
	Kernels     []KernelRef `json:"kernels"`
}

// PackageIndexHeader is what package_index.json says beside its packages.
// Generation is empty in files of the original.
type PackageIndexHeader struct {
	IndexedDate   string
	Generation    string
	TotalPackages int
}

func (p *PackageEntry) check() error {
	switch {
	case p.KernelCount != len(p.Kernels):
		return invalid("package %q: kernel_count is %d, kernels are %d", p.Name, p.KernelCount, len(p.Kernels))
	case len(p.Kernels) == 0:
		return invalid("package %q is in no kernel", p.Name)
	}
	for i := range p.Kernels {
		r := &p.Kernels[i]
		if r.KernelName == "" || r.KernelVersion == "" || r.KernelLanguage == "" {
			return invalid("package %q: row %d does not name a kernel", p.Name, i)
		}
		if !r.Source.known() {
			return invalid("package %q: row %d has unknown source %q", p.Name, i, r.Source)
		}
	}
	return nil
}

// ReadPackageIndex reads a package_index.json and calls each for every package
// in the order of the file, which must be the byte order of the names; the entry is
// the callee's to keep. Everything else is as for [ReadCollated].
func ReadPackageIndex(r io.Reader, each func(PackageEntry) error) (PackageIndexHeader, error) {
	x := indexReader{header: PackageIndexHeader{TotalPackages: -1}, each: each}
	doc := document{array: "packages", maxBytes: MaxIndexRowBytes, header: x.readHeader, element: x.readEntry}
	if err := doc.read(r); err != nil {
		return PackageIndexHeader{}, err
	}
	if err := checkTime("indexed_date", x.header.IndexedDate); err != nil {
		return PackageIndexHeader{}, err
	}
	if x.count != x.header.TotalPackages {
		return PackageIndexHeader{}, invalid("total_packages is %d, packages are %d", x.header.TotalPackages, x.count)
	}
	return x.header, nil
}

type indexReader struct {
	header PackageIndexHeader
	each   func(PackageEntry) error
	last   string
	count  int
}

func (x *indexReader) readHeader(name string, dec *jsontext.Decoder) error {
	switch name {
	case "indexed_date":
		return decodeNext(dec, &x.header.IndexedDate)
	case "total_packages":
		return decodeNext(dec, &x.header.TotalPackages)
	case "generation":
		return decodeGeneration(dec, &x.header.Generation)
	}
	return skipNext(dec)
}

func (x *indexReader) readEntry(dec *jsontext.Decoder) error {
	p := PackageEntry{KernelCount: -1}
	if err := decodeNext(dec, &p); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	if x.count > 0 {
		if err := checkAscending(x.last, p.Name); err != nil {
			return err
		}
	}
	x.last = p.Name
	x.count++
	return x.each(p)
}

// checkAscending holds for files of any origin: the original groups packages by
// name in code point order, which for UTF-8 is the byte order.
func checkAscending(last, name string) error {
	if name == last {
		return invalid("package %q appears twice", name)
	}
	if name < last {
		return invalid("package %q stands after %q", name, last)
	}
	return nil
}

// packageIndexWriter writes package_index.json, one package a line, with the
// header alone on the first line as [CollatedWriter] does.
type packageIndexWriter struct {
	buf   *bufio.Writer
	count int
}

func newPackageIndexWriter(w io.Writer, h PackageIndexHeader) (*packageIndexWriter, error) {
	x := &packageIndexWriter{buf: bufio.NewWriterSize(w, 256<<10)}
	_, err := fmt.Fprintf(x.buf, "{\"indexed_date\":%q,\"generation\":%q,\"total_packages\":%d,\"packages\":[\n",
		h.IndexedDate, h.Generation, h.TotalPackages)
	return x, err
}

func (x *packageIndexWriter) add(p *PackageEntry) error {
	x.count++
	return writeLine(x.buf, x.count > 1, p)
}

func (x *packageIndexWriter) close() error { return endLines(x.buf, x.count > 0) }
