package guard

import (
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// state makes a stat of a file with an inode number and a ctime.
func state(kind uint32, inode uint64, changed int64) syscall.Stat_t {
	return syscall.Stat_t{Ino: inode, Mode: kind | 0o644, Ctim: syscall.Timespec{Sec: changed}}
}

func TestCompare(t *testing.T) {
	const file, link, dir = syscall.S_IFREG, syscall.S_IFLNK, syscall.S_IFDIR
	type stats = map[string]syscall.Stat_t
	before := stats{
		"a.json": state(file, 1, 1), "b.json": state(link, 2, 1),
		"history": state(file, 3, 1), "sub": state(dir, 4, 1), "old.json.conda_trash": state(file, 5, 1),
	}
	tests := []struct {
		name    string
		changes stats // a zero stat: the name is gone
		damages map[string]damage
		foreign []string
	}{
		{"nothing happened", nil, nil, nil},
		{"a record deleted", stats{"a.json": {}}, map[string]damage{"a.json": missing}, nil},
		{"a link deleted", stats{"b.json": {}}, map[string]damage{"b.json": missing}, nil},
		{
			"renamed to trash",
			stats{"a.json": {}, "a.json.conda_trash": state(file, 1, 2)},
			map[string]damage{"a.json": renamed},
			nil,
		},
		{"attributes or content changed", stats{"a.json": state(file, 1, 2)}, map[string]damage{"a.json": altered}, nil},
		{"a folder's time changed", stats{"sub": state(dir, 4, 2)}, nil, nil},
		{"a record created", stats{"n.json": state(file, 9, 2)}, nil, []string{"n.json was created"}},
		{
			"an upgrade",
			stats{"a.json": {}, "n.json": state(file, 9, 2), "history": state(file, 3, 2)},
			map[string]damage{"a.json": missing},
			[]string{"history was written to", "n.json was created"},
		},
		{"a record replaced by a link, the inode used again", stats{"a.json": state(link, 1, 2)}, nil, []string{"a.json was replaced"}},
		{"a record replaced", stats{"a.json": state(file, 9, 2)}, nil, []string{"a.json was replaced"}},
		{
			"trash of another file",
			stats{"a.json": {}, "a.json.conda_trash": state(file, 9, 2)},
			map[string]damage{"a.json": missing},
			[]string{"a.json.conda_trash was created"},
		},
		{
			"a trash file that conda's record is linked to",
			stats{"a.json.conda_trash": state(file, 1, 1)},
			nil,
			[]string{"a.json.conda_trash was created"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			held, after := map[string]entry{}, stats{}
			for name, stat := range before {
				held[name], after[name] = entry{stat: stat}, stat
			}
			for name, stat := range test.changes {
				if after[name] = stat; stat == (syscall.Stat_t{}) {
					delete(after, name)
				}
			}
			got := compare(held, after)
			if test.damages == nil {
				test.damages = map[string]damage{}
			}
			want := difference{damages: test.damages, foreign: test.foreign}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(difference{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
