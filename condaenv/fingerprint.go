package condaenv

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"kernelindexer/rootfs"
)

// Fingerprint digests what a stat shows of everything that a listing of the prefix depends on: each record and setting
// in conda-meta and beside it, the folder of the Python distributions and their names, the same of the R libraries, and the file called extra in the prefix. No file is opened, only directories. salt goes into
// the digest, for what the listing depends on besides.
//
// Installers of Python and R packages replace a package's folder, which shows in the folder above it. A change within
// the package's own folder (a METADATA edited in place) is not seen; nor is a site-packages that python's record puts
// elsewhere.
func Fingerprint(fsys fs.FS, prefix, extra, salt string) (string, error) {
	p := printer{fsys: fsys, prefix: prefix, seen: make([]byte, 0, 64<<10)}
	p.note("salt", salt)
	top := p.files(".", func(name string) bool {
		return name == extra || name == ".condarc" || name == "condarc" || name == "condarc.d" || name == "conda-meta"
	})
	records := p.files("conda-meta", anyName)
	if slices.Contains(top, "condarc.d") {
		p.files("condarc.d", anyName)
	}
	for _, record := range records {
		if version, ok := pythonOf(record); ok {
			p.packages(defaultSitePackages(version), isDistribution)
		}
	}
	for _, library := range p.files("lib/R", func(name string) bool { return strings.HasSuffix(name, "library") }) {
		p.packages("lib/R/"+library, func(name string) bool { return !strings.HasPrefix(name, ".") })
	}
	if p.err != nil {
		return "", p.err
	}
	sum := sha256.Sum256(p.seen)
	return hex.EncodeToString(sum[:16]), nil
}

func anyName(string) bool { return true }

// pythonOf returns the version in the file name of a python record, such as 3.12.1 of python-3.12.1-h_0.json. Only the
// site-packages of that one counts; lib itself may have thousands of entries.
func pythonOf(record string) (version string, ok bool) {
	rest, ok := strings.CutPrefix(record, "python-")
	version, _, _ = strings.Cut(rest, "-")
	return version, ok
}

// isDistribution picks the entries of a site-packages folder that stand for a package.
func isDistribution(name string) bool {
	return strings.HasSuffix(name, "-info") || strings.HasSuffix(name, ".egg") || strings.HasSuffix(name, ".egg-link")
}

// printer gathers what it sees of directories, to be digested, and keeps the first error.
type printer struct {
	fsys   fs.FS
	prefix string
	seen   []byte
	err    error
}

// note takes in texts, each with its length, so that no two lists of them look the same.
func (p *printer) note(texts ...string) {
	for _, t := range texts {
		p.seen = append(binary.AppendUvarint(p.seen, uint64(len(t))), t...)
	}
}

// files takes in the stamps of the picked entries of a directory, sorted, and returns their names.
func (p *printer) files(dir string, pick func(name string) bool) (names []string) {
	p.directory(dir, pick, func(d metaDir, e rootfs.Entry) {
		names = append(names, e.Name)
		p.stamp(d, e.Name)
	})
	return names
}

// packages takes in the stamp of a directory of packages and the names of the picked entries; of those that are no
// directories the stamp as well.
func (p *printer) packages(dir string, pick func(name string) bool) {
	own := false
	p.directory(dir, pick, func(d metaDir, e rootfs.Entry) {
		if !own {
			p.stamp(d, ".")
			own = true
		}
		if e.Type.IsDir() {
			p.note("has", e.Name)
			return
		}
		p.stamp(d, e.Name)
	})
}

// directory calls take with the picked entries of a directory, sorted. A directory that is not there has none; one that
// may not be read is only noted, as the listing may get by without it.
func (p *printer) directory(dir string, pick func(name string) bool, take func(metaDir, rootfs.Entry)) {
	if p.err != nil {
		return
	}
	d, err := openMeta(p.fsys, p.prefix+"/"+dir)
	if err != nil {
		p.note("closed", dir, errorKind(err))
		return
	}
	defer func() { p.err = errors.Join(p.err, d.Close()) }()
	entries, err := d.Entries()
	if err != nil {
		p.note("closed", dir, errorKind(err))
		return
	}
	entries = slices.DeleteFunc(entries, func(e rootfs.Entry) bool { return !pick(e.Name) })
	slices.SortFunc(entries, func(a, b rootfs.Entry) int { return strings.Compare(a.Name, b.Name) })
	p.note("dir", dir)
	for _, e := range entries {
		take(d, e)
	}
}

func (p *printer) stamp(d metaDir, name string) {
	stamp, err := d.Lstat(name)
	if err != nil {
		p.note("gone", name, errorKind(err))
		return
	}
	p.note("is", name)
	p.seen = stamp.Append(p.seen)
}

// errorKind is the part of an error that does not hold a path.
func errorKind(err error) string {
	for _, kind := range []error{fs.ErrNotExist, fs.ErrPermission, rootfs.ErrOutside} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "other"
}
