package rlib_test

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// gunzip returns what the gzip file at path holds.
func gunzip(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// untar returns the files of a compressed archive as a file system.
func untar(t testing.TB, path string) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	for archive := tar.NewReader(gunzip(t, path)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fsys
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		fsys[header.Name] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
}

// rows returns the fields of the lines of a table with tabs.
func rows(t testing.TB, table io.Reader) [][]string {
	t.Helper()
	var list [][]string
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		list = append(list, strings.Split(lines.Text(), "\t"))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
