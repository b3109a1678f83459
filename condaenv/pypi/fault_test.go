package pypi_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"kernelindexer/condaenv/pypi"
	"kernelindexer/rootfs"
)

// faulty fails with err on looking at, opening or listing one of the names.
type faulty struct {
	fstest.MapFS
	name             string
	stat, open, list error
}

func (f *faulty) Stat(name string) (fs.FileInfo, error) {
	if f.stat != nil && (name == f.name || strings.HasPrefix(name, f.name+"/")) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: f.stat}
	}
	return f.MapFS.Stat(name)
}

func (f *faulty) ReadFile(name string) ([]byte, error) {
	if f.open != nil && name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.open}
	}
	return f.MapFS.ReadFile(name)
}

func (f *faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if f.list != nil && name == f.name {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: f.list}
	}
	return f.MapFS.ReadDir(name)
}

func TestReadWithoutPermission(t *testing.T) {
	fsys := site{
		"d.dist-info/METADATA": good, "d.dist-info/RECORD": record,
		"e.egg-info/PKG-INFO": good, "e.egg-info/requires.txt": "bar\n", "e.egg-info/installed-files.txt": "x\n",
		"l.egg-link": "/host/src",
	}.fs()
	fsys["src/foo.egg-info/PKG-INFO"] = &fstest.MapFile{Data: []byte(good)}
	for _, tc := range []struct {
		anchor pypi.Anchor
		closed string // below site-packages if the anchor is
		want   string
	}{
		{"d.dist-info/RECORD", "d.dist-info/METADATA", skipped},
		{"d.dist-info/RECORD", "d.dist-info/RECORD", skipped},
		{"e.egg-info/PKG-INFO", "e.egg-info/PKG-INFO", skipped},
		{"e.egg-info/PKG-INFO", "e.egg-info/requires.txt", skipped},
		{"e.egg-info/PKG-INFO", "e.egg-info/installed-files.txt", skipped},
		{"l.egg-link", "l.egg-link", skipped},
		{"l.egg-link", "../../../src/foo.egg-info/PKG-INFO", skipped},
	} {
		name := filepath.Join(sitePackages, tc.closed)
		p, err := pypi.Read(&faulty{MapFS: fsys, name: name, open: syscall.EACCES}, sitePackages, tc.anchor,
			pypi.Env{HostRoot: "/host"})
		if got := outcome(p, err); got != tc.want || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: got %s, want %s; %v", tc.closed, got, tc.want, err)
		}
	}

	for _, tc := range []struct {
		name   string
		anchor pypi.Anchor
		closed string
		want   string
	}{
		{"site-packages cannot be entered", "d.dist-info/RECORD", ".", fails},
		{"dist-info cannot be entered", "d.dist-info/RECORD", "d.dist-info/METADATA", skipped},
		{"egg-info cannot be entered", "e.egg-info/PKG-INFO", "e.egg-info/PKG-INFO", noVersion},
		{"sources cannot be entered", "l.egg-link", "../../../src/foo.egg-info", fails},
		{"sources cannot be reached", "l.egg-link", "../../../src", skipped},
	} {
		name := filepath.Join(sitePackages, tc.closed)
		p, err := pypi.Read(&faulty{MapFS: fsys, name: name, stat: syscall.EACCES}, sitePackages, tc.anchor,
			pypi.Env{HostRoot: "/host"})
		if got := outcome(p, err); got != tc.want {
			t.Errorf("%s: got %s, want %s; %v", tc.name, got, tc.want, err)
		}
	}

	closedSources := &faulty{MapFS: fsys, name: "src", list: syscall.EACCES}
	if p, err := pypi.Read(closedSources, sitePackages, "l.egg-link", pypi.Env{HostRoot: "/host"}); outcome(p, err) != skipped {
		t.Errorf("sources that cannot be listed: %v, %v", p, err)
	}
}

// A file server's hiccup must not make packages vanish from the index, though
// conda would pass over it.
func TestReadReportsFailuresOfTheMachine(t *testing.T) {
	fsys := site{
		"d.dist-info/METADATA": good, "d.dist-info/RECORD": record, "e.egg-info": good,
		"l.egg-link": "/host/src/../src", "m.egg-link": "/host/src",
	}.fs()
	fsys["src/foo.egg-info/PKG-INFO"] = &fstest.MapFile{Data: []byte(good)}
	for _, tc := range []struct {
		anchor pypi.Anchor
		name   string
	}{
		{"d.dist-info/RECORD", sitePackages + "/d.dist-info"},
		{"d.dist-info/RECORD", sitePackages + "/d.dist-info/METADATA"},
		{"d.dist-info/RECORD", sitePackages + "/d.dist-info/RECORD"},
		{"e.egg-info", sitePackages + "/e.egg-info"},
		{"e.egg-info", sitePackages + "/requires.txt"},
		{"e.egg-info", sitePackages + "/installed-files.txt"},
		{"l.egg-link", sitePackages + "/l.egg-link"},
		{"l.egg-link", "src"},
		{"m.egg-link", "src"},
		{"l.egg-link", "src/foo.egg-info"},
		{"l.egg-link", "src/foo.egg-info/PKG-INFO"},
	} {
		for _, fault := range []error{syscall.EIO, syscall.ESTALE, syscall.EMFILE, context.Canceled} {
			_, err := pypi.Read(&faulty{MapFS: fsys, name: tc.name, stat: fault}, sitePackages, tc.anchor,
				pypi.Env{HostRoot: "/host"})
			if !errors.Is(err, fault) || errors.Is(err, pypi.ErrSkipped) {
				t.Errorf("%s: %v on looking at %s: got %v", tc.anchor, fault, tc.name, err)
			}
		}
	}
	for _, a := range []pypi.Anchor{"d.dist-info/RECORD", "e.egg-info"} {
		name := sitePackages + "/" + a.Path()
		_, err := pypi.Read(&faulty{MapFS: fsys, name: name, open: syscall.EIO}, sitePackages, a, pypi.Env{})
		if !errors.Is(err, syscall.EIO) || errors.Is(err, pypi.ErrSkipped) {
			t.Errorf("I/O error in reading %s: got %v", name, err)
		}
	}
	_, err := pypi.Anchors(&faulty{MapFS: fsys, name: sitePackages + "/e.egg-info", stat: syscall.EIO}, sitePackages)
	if !errors.Is(err, syscall.EIO) {
		t.Errorf("I/O error in looking at an egg-info: anchors gave %v", err)
	}
}

// What is neither file nor folder is never opened.
func TestReadOpensNoPipes(t *testing.T) {
	pipe := func(t *testing.T, name string) {
		if err := syscall.Mkfifo(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bind := func(t *testing.T, name string) {
		l, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	for _, tc := range []struct {
		name   string
		anchor pypi.Anchor
		file   string
		make   func(*testing.T, string)
		want   string
	}{
		{"METADATA is a pipe", "d.dist-info/RECORD", "d.dist-info/METADATA", pipe, skipped},
		{"RECORD is a pipe, which conda would wait for", "d.dist-info/RECORD", "d.dist-info/RECORD", pipe, fails},
		{"RECORD is a socket", "d.dist-info/RECORD", "d.dist-info/RECORD", bind, skipped},
		{"PKG-INFO is a pipe", "e.egg-info/PKG-INFO", "e.egg-info/PKG-INFO", pipe, noVersion},
		{"requires.txt is a pipe", "e.egg-info/PKG-INFO", "e.egg-info/requires.txt", pipe, foo},
		{"installed-files.txt is a pipe", "e.egg-info/PKG-INFO", "e.egg-info/installed-files.txt", pipe, foo},
		{"egg-info is a pipe", "p.egg-info/PKG-INFO", "p.egg-info", pipe, fails},
		{"egg-link is a pipe", "p.egg-link", "p.egg-link", pipe, fails},
		{"egg-link is a socket", "p.egg-link", "p.egg-link", bind, skipped},
		{"egg-link leads to a pipe", "l.egg-link", "target", pipe, skipped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// Short, as the names of sockets must be.
			root, err := os.MkdirTemp("", "pypi") //nolint:usetesting // that of the test is too long
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(root) })
			files := map[string]string{
				"d.dist-info/METADATA": good, "d.dist-info/RECORD": record, "e.egg-info/PKG-INFO": good,
				"l.egg-link": root + "/target\n",
			}
			delete(files, tc.file)
			for name, text := range files {
				write(t, filepath.Join(root, name), text)
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, tc.file)), 0o755); err != nil {
				t.Fatal(err)
			}
			tc.make(t, filepath.Join(root, tc.file))

			done := make(chan string, 1)
			go func() {
				fsys, err := rootfs.Open(root)
				if err != nil {
					done <- err.Error()
					return
				}
				defer fsys.Close()
				if _, err := pypi.Anchors(fsys, "."); err != nil {
					done <- err.Error()
					return
				}
				p, err := pypi.Read(fsys, ".", tc.anchor, pypi.Env{HostRoot: root})
				done <- outcome(p, err)
			}()
			select {
			case got := <-done:
				if got != tc.want {
					t.Errorf("got %s, want %s", got, tc.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("still waiting for the pipe")
			}
		})
	}
}

// A sparse file of a terabyte takes no disk and must take no memory.
func TestReadRefusesHugeFiles(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "d.dist-info/METADATA"), good)
	write(t, filepath.Join(root, "d.dist-info/RECORD"), "")
	if err := os.Truncate(filepath.Join(root, "d.dist-info/RECORD"), 1<<40); err != nil {
		t.Fatal(err)
	}
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	_, err = pypi.Read(fsys, ".", "d.dist-info/RECORD", pypi.Env{})
	if err == nil || errors.Is(err, pypi.ErrSkipped) || !strings.Contains(err.Error(), fmt.Sprint(1<<40)) {
		t.Errorf("got %v", err)
	}
}

// Names of folders may hold any bytes.
func TestReadNamesThatAreNotUTF8(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "\xff\n.dist-info/METADATA"), good)
	write(t, filepath.Join(root, "\xff\n.dist-info/RECORD"), record)
	fsys, err := rootfs.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	anchors, err := pypi.Anchors(fsys, ".")
	if err != nil || len(anchors) != 1 {
		t.Fatal(anchors, err)
	}
	p, err := pypi.Read(fsys, ".", anchors[0], pypi.Env{})
	if got := outcome(p, err); got != foo {
		t.Errorf("got %s, %v", got, err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
