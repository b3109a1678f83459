package rlib

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"kernelindexer/condaenv/rlib/gzfile"
	"kernelindexer/condaenv/rlib/rds"
)

// scanner lists one library.
type scanner struct {
	fsys     fs.FS
	lib      string
	files    files
	decoder  rds.Decoder
	gz       gzfile.Reader
	packages []Package
	warnings []string
}

// warn adds a line about a file: what becomes of it and why.
func (s *scanner) warn(file, what string, why error) {
	var pathError *fs.PathError
	if errors.As(why, &pathError) {
		why = pathError.Err // The path is already there.
	}
	s.warnings = append(s.warnings, fmt.Sprintf("%s: %s: %v", rds.Escape(file), what, why))
}

func (s *scanner) scan() error {
	entries, err := s.list()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || entry.Type().IsRegular() {
			continue
		}
		if err := s.scanFolder(name); err != nil {
			return err
		}
	}
	sortByName(s.packages)
	return nil
}

// list returns what is in the library, or nothing where R sees nothing.
func (s *scanner) list() ([]fs.DirEntry, error) {
	info, err := fs.Stat(s.fsys, s.lib)
	if err == nil && !info.IsDir() || isMissing(err) {
		return nil, nil
	}
	var entries []fs.DirEntry
	if err == nil {
		entries, err = fs.ReadDir(s.fsys, s.lib)
	}
	if errors.Is(err, fs.ErrPermission) {
		s.warn(s.lib, "the library is taken for empty", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list R library: %w", err)
	}
	return entries, nil
}

// scanFolder adds the package in the folder of that name, if it is one. The error is
// ErrNotAList.
func (s *scanner) scanFolder(name string) error {
	folder := path.Join(s.lib, name)
	file := path.Join(folder, "Meta", "package.rds")
	info, err := fs.Stat(s.fsys, file)
	if err != nil {
		// To R, what it cannot see is not there, be it for lack of rights.
		if !isMissing(err) && !errors.Is(err, fs.ErrPermission) {
			s.warn(file, "not looked at", err)
		}
		return nil
	}
	if !s.isReadable(folder) {
		return nil
	}
	m, err := s.fromRDS(file, info)
	if errors.Is(err, rds.ErrUnsupported) {
		s.warn(file, "DESCRIPTION is read instead", err)
		m, err = s.fromDescription(folder), nil
	}
	switch {
	case errors.Is(err, ErrNotAList):
		return fmt.Errorf("%s: %w", rds.Escape(file), err)
	case err != nil:
		s.warn(file, "skipped", err)
		return nil
	}
	s.packages = append(s.packages, Package{
		Name: rds.Escape(name), Version: m.version, HasVersion: m.known, Library: s.lib,
	})
	return nil
}

// fromRDS returns what package.rds says.
func (s *scanner) fromRDS(file string, info fs.FileInfo) (metadata, error) {
	content, err := s.files.read(s.fsys, file, info)
	if err != nil {
		return metadata{}, err
	}
	value, err := s.decoder.Decode(content)
	if err != nil {
		return metadata{}, err
	}
	return metadataOf(value)
}

// fromDescription returns what DESCRIPTION says. The package is there whatever becomes of that
// file; only its version may be unknown.
func (s *scanner) fromDescription(folder string) metadata {
	file := path.Join(folder, "DESCRIPTION")
	d, err := s.description(file)
	if err != nil {
		s.warn(file, "the version is unknown", err)
		return metadata{}
	}
	return d.version()
}

// description reads a DESCRIPTION file, which may be compressed. As read.dcf() does, it takes
// damage in the compressed data for the end of the file.
func (s *scanner) description(file string) (Description, error) {
	info, err := fs.Stat(s.fsys, file)
	if err != nil {
		return Description{}, err
	}
	content, err := s.files.read(s.fsys, file, info)
	if err != nil {
		return Description{}, err
	}
	text, err := s.gz.Expand(content, fileLimit)
	if err != nil && !errors.Is(err, gzfile.ErrDamaged) {
		return Description{}, err
	}
	return ParseDescription(text)
}
