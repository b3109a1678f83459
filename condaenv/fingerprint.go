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

// Fingerprint digests what a stat shows of everything that a listing of the prefix depends on: the records and settings
// in conda-meta and beside it, the Python distributions of every lib/*/site-packages, the packages of the R library,
// and the file called extra in the prefix. No file is opened, only directories. salt goes into the digest, for what the
// listing depends on besides.
//
// A change inside of a distribution's or an R package's own directory that leaves its entries as they are (a METADATA
// edited in place, which no installer does) is not seen; nor is a site-packages that python's record puts elsewhere.
func Fingerprint(fsys fs.FS, prefix, extra, salt string) (string, error) {
	p := printer{fsys: fsys, prefix: prefix, seen: make([]byte, 0, 64<<10)}
	p.note("salt", salt)
	top := p.names(".", func(name string) bool {
		return name == extra || name == ".condarc" || name == "condarc" || name == "condarc.d" || name == "conda-meta"
	})
	p.names("conda-meta", func(string) bool { return true })
	if slices.Contains(top, "condarc.d") {
		p.names("condarc.d", func(string) bool { return true })
	}
	for _, python := range p.names("lib", func(name string) bool { return strings.HasPrefix(name, "python") }) {
		p.names("lib/"+python, func(name string) bool { return name == "site-packages" })
		p.names("lib/"+python+"/site-packages", isDistribution)
	}
	for _, library := range p.names("lib/R", func(name string) bool { return strings.HasSuffix(name, "library") }) {
		p.names("lib/R/"+library, func(name string) bool { return !strings.HasPrefix(name, ".") })
	}
	if p.err != nil {
		return "", p.err
	}
	sum := sha256.Sum256(p.seen)
	return hex.EncodeToString(sum[:16]), nil
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

// names takes in the stamps of the picked entries of a directory, sorted, and returns their names. A directory that is
// not there has none; one that may not be read is only noted, as the listing may get by without it.
func (p *printer) names(dir string, pick func(name string) bool) (names []string) {
	if p.err != nil {
		return nil
	}
	d, err := openMeta(p.fsys, p.prefix+"/"+dir)
	if err != nil {
		p.note("closed", dir, errorKind(err))
		return nil
	}
	defer func() { p.err = errors.Join(p.err, d.Close()) }()
	entries, err := d.Entries()
	if err != nil {
		p.note("closed", dir, errorKind(err))
		return nil
	}
	for _, e := range entries {
		if pick(e.Name) {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	p.note("dir", dir)
	for _, name := range names {
		stamp, err := d.Lstat(name)
		if err != nil {
			p.note("gone", name, errorKind(err))
			continue
		}
		p.note("is", name)
		p.seen = stamp.Append(p.seen)
	}
	return names
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
