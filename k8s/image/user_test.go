package image_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/image"
)

const passwd = `root:x:0:0:root:/root:/bin/bash
# app:x:9:9::/nowhere:/bin/sh
daemon:x:1:1
app:x:1000:100:App,,,:/home/app:/bin/sh
app:x:2000:200::/second:/bin/sh
1000:x:77:78::/number:/bin/sh
broken:x:many:1::/:/bin/sh
big:x:4294967296:1::/:/bin/sh
nohome:x:5:5::relative:/bin/sh

::::::
`

const group = `root:x:0:
users:x:100:app
video:x:44:app,other
audio:x:29:other,app
dup:x:44:app
none
`

// TestResolveUser is the table of what USER may be.
func TestResolveUser(t *testing.T) {
	root := image.User{Name: "root", Home: "/root"}
	for _, c := range []struct {
		spec string
		want image.User
		code image.Code
	}{
		{"", root, ""},
		{"root", root, ""},
		{"0", root, ""},
		{"app", image.User{UID: 1000, GID: 100, Name: "app", Home: "/home/app", Groups: []int64{29, 44}}, ""},
		{"1000", image.User{UID: 77, GID: 78, Name: "1000", Home: "/number"}, ""},
		{"2000", image.User{UID: 2000, GID: 200, Name: "app", Home: "/second", Groups: []int64{29, 44, 100}}, ""},
		{"app:video", image.User{UID: 1000, GID: 44, Name: "app", Home: "/home/app"}, ""},
		{"app:0", image.User{UID: 1000, Name: "app", Home: "/home/app"}, ""},
		{"app:", image.User{UID: 1000, GID: 100, Name: "app", Home: "/home/app", Groups: []int64{29, 44}}, ""},
		{"31:41", image.User{UID: 31, GID: 41, Home: "/"}, ""},
		{"31", image.User{UID: 31, Home: "/"}, ""},
		{":41", image.User{GID: 41, Name: "root", Home: "/root"}, ""},
		{"daemon", image.User{UID: 1, GID: 1, Name: "daemon", Home: "/"}, ""},
		{"nohome", image.User{UID: 5, GID: 5, Name: "nohome", Home: "/"}, ""},
		{"nobody", image.User{}, image.UnknownUser},
		{"# app", image.User{}, image.UnknownUser},
		{"broken", image.User{}, image.UnknownUser},
		{"big", image.User{}, image.UnknownUser},
		{"app:nobody", image.User{}, image.UnknownUser},
		{"-1", image.User{}, image.UnknownUser},
		{"2147483647", image.User{UID: 2147483647, Home: "/"}, ""},
		{"2147483648", image.User{}, image.UnknownUser},
	} {
		t.Run(c.spec, func(t *testing.T) {
			fsys := fstest.MapFS{"etc/passwd": {Data: []byte(passwd)}, "etc/group": {Data: []byte(group)}}
			got, err := image.ResolveUser(fsys, c.spec)
			if codeOf(err) != string(c.code) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error("(-want +got)\n", diff)
			}
		})
	}
	for _, fsys := range []fstest.MapFS{{}, {"etc/passwd/x": {}}, {"etc/passwd": {Data: make([]byte, 2<<20)}}} {
		got, err := image.ResolveUser(fsys, "1000:1")
		if diff := cmp.Diff(image.User{UID: 1000, GID: 1, Home: "/"}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if _, err := image.ResolveUser(fsys, "app"); codeOf(err) != string(image.UnknownUser) {
			t.Error(err)
		}
	}
}

// FuzzResolveUser: no table and no USER makes it fail otherwise than by a refusal, or find an ID that Linux has not.
func FuzzResolveUser(f *testing.F) {
	f.Add([]byte(passwd), []byte(group), "app:video")
	f.Add([]byte("a:b"), []byte(":::"), "a")
	f.Fuzz(func(t *testing.T, passwd, group []byte, spec string) {
		got, err := image.ResolveUser(fstest.MapFS{"etc/passwd": {Data: passwd}, "etc/group": {Data: group}}, spec)
		if code := codeOf(err); code != "" && code != string(image.UnknownUser) {
			t.Fatal(err)
		}
		for _, id := range append(got.Groups, got.UID, got.GID) {
			if id < 0 || id > 1<<31-1 {
				t.Fatalf("%+v", got)
			}
		}
		if err == nil && (got.Home == "" || got.Home[0] != '/') {
			t.Fatalf("home %q", got.Home)
		}
	})
}
