package condaenv

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
	p := printer{fsys: fsys, prefix: prefix, sum: sha256.New()}
	p.line("salt", salt)
	p.names(".", func(name string) bool {
		return name == extra || name == ".condarc" || name == "condarc" || name == "condarc.d" || name == "conda-meta"
	})
	p.names("conda-meta", func(string) bool { return true })
	p.names("condarc.d", func(string) bool { return true })
	for _, python := range p.names("lib", func(name string) bool { return strings.HasPrefix(name, "python") }) {
		p.names("lib/"+python, func(name string) bool { return name == "site-packages" })
		p.names("lib/"+python+"/site-packages", isDistribution)
	}
	p.names("lib/R", func(name string) bool { return strings.HasSuffix(name, "library") })
	for _, library := range []string{"lib/R/library", "lib/R/site-library"} {
		p.names(library, func(name string) bool { return !strings.HasPrefix(name, ".") })
	}
	if p.err != nil {
		return "", p.err
	}
	return hex.EncodeToString(p.sum.Sum(nil)[:16]), nil
}

// isDistribution picks the entries of a site-packages folder that stand for a package.
func isDistribution(name string) bool {
	return strings.HasSuffix(name, "-info") || strings.HasSuffix(name, ".egg") || strings.HasSuffix(name, ".egg-link")
}

// printer writes what it sees of directories into a digest, and keeps the first error.
type printer struct {
	fsys   fs.FS
	prefix string
	sum    hash.Hash
	err    error
}

func (p *printer) line(args ...any) {
	if _, err := fmt.Fprintln(p.sum, args...); err != nil {
		p.err = errors.Join(p.err, err)
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
		p.line("closed", dir, errorKind(err))
		return nil
	}
	defer func() { p.err = errors.Join(p.err, d.Close()) }()
	entries, err := d.Entries()
	if err != nil {
		p.line("closed", dir, errorKind(err))
		return nil
	}
	for _, e := range entries {
		if pick(e.Name) {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	p.line("dir", dir, len(names))
	for _, name := range names {
		stamp, err := d.Lstat(name)
		if err != nil {
			p.line("gone", name, errorKind(err))
			continue
		}
		p.line(fmt.Sprintf("%q", name), stamp.Mode, stamp.Inode, stamp.Size, stamp.MTime, stamp.CTime)
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
