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

// Fingerprint digests what a stat shows of the directories and files that a listing of the prefix depends on: conda-meta
// and the history in it, the settings beside it, the file called extra, the folder of the Python distributions and the R
// libraries. No file is opened. salt goes into the digest, for what the listing depends on besides.
//
// Tools that change an environment add, remove and replace entries of these folders, and conda writes down in history
// what it did; each of that shows in a folder's own times. What is written into a file that stays where it is does not:
// a record, a METADATA or an egg-link edited in place, or damaged, is seen by a listing only. To look at each of some
// hundreds of records would cost what the fingerprint is there to save, on a network file system most of all. Nor is a
// site-packages seen that python's record puts elsewhere.
func Fingerprint(fsys fs.FS, prefix, extra, salt string) (string, error) {
	pythons, err := pythonRecords(fsys, prefix)
	if err != nil {
		return "", err
	}
	return fingerprint(fsys, prefix, extra, salt, pythons)
}

// FingerprintHolds says whether Fingerprint would return mark again. It takes from mark which versions of python have a
// record, and so need not list conda-meta, whose stamp shows whether that is still so.
func FingerprintHolds(fsys fs.FS, prefix, extra, salt, mark string) bool {
	_, pythons, found := strings.Cut(mark, " ")
	if !found {
		return false
	}
	now, err := fingerprint(fsys, prefix, extra, salt, strings.Fields(pythons))
	return err == nil && now == mark
}

// fingerprint is a digest, a space and the versions of python.
func fingerprint(fsys fs.FS, prefix, extra, salt string, pythons []string) (string, error) {
	p := printer{fsys: fsys, prefix: prefix}
	p.note("salt", salt)
	p.stamps(".", extra, ".condarc", "condarc", "condarc.d")
	p.stamps("conda-meta", ".", "history")
	p.entries("condarc.d", func(string) bool { return true })
	for _, version := range pythons {
		p.stamps(defaultSitePackages(version), ".")
	}
	p.entries("lib/R", func(name string) bool { return strings.HasSuffix(name, "library") })
	if p.err != nil {
		return "", p.err
	}
	sum := sha256.Sum256(p.seen)
	return hex.EncodeToString(sum[:16]) + " " + strings.Join(pythons, " "), nil
}

// pythonRecords returns the versions in the file names of python's records, sorted, such as 3.12.1 of
// python-3.12.1-h_0.json: usually one. A prefix without conda-meta has none.
func pythonRecords(fsys fs.FS, prefix string) (versions []string, err error) {
	dir, err := openMeta(fsys, prefix+"/conda-meta")
	if err != nil {
		return nil, nil // the listing tells of it
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	entries, err := dir.Entries()
	if err != nil {
		return nil, nil // the listing tells of it
	}
	for _, entry := range entries {
		if rest, ok := strings.CutPrefix(entry.Name, "python-"); ok {
			version, _, _ := strings.Cut(rest, "-")
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions), nil
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

// stamps takes in the stamps of a directory's entries with these names, "." for itself.
func (p *printer) stamps(dir string, names ...string) {
	p.directory(dir, func(d metaDir) error {
		for _, name := range names {
			p.stamp(d, name)
		}
		return nil
	})
}

// entries takes in the stamps of the picked entries of a directory, sorted.
func (p *printer) entries(dir string, pick func(name string) bool) {
	p.directory(dir, func(d metaDir) error {
		entries, err := d.Entries()
		if err != nil {
			return err
		}
		slices.SortFunc(entries, func(a, b rootfs.Entry) int { return strings.Compare(a.Name, b.Name) })
		for _, e := range entries {
			if pick(e.Name) {
				p.stamp(d, e.Name)
			}
		}
		return nil
	})
}

// directory lets take look into a directory. One that is not there or may not be read is only noted, as the listing may
// get by without it.
func (p *printer) directory(dir string, take func(metaDir) error) {
	if p.err != nil {
		return
	}
	p.note("dir", dir)
	d, err := openMeta(p.fsys, p.prefix+"/"+dir)
	if err != nil {
		p.note("closed", errorKind(err))
		return
	}
	defer func() { p.err = errors.Join(p.err, d.Close()) }()
	if err := take(d); err != nil {
		p.note("closed", errorKind(err))
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
