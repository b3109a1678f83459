package guard

import (
	"slices"
	"strings"
	"syscall"
)

// trash is what conda appends to the name of a record that it could not unlink (conda's unlink_or_rename_to_trash).
const trash = ".conda_trash"

// damage is what has to be undone for one entry.
type damage uint8

const (
	missing damage = iota + 1 // it is gone
	renamed                   // it has become NAME.conda_trash
	altered                   // it is there, the same inode, but no longer as it was
)

// difference is what happened to a folder.
type difference struct {
	damages map[string]damage
	foreign []string // what conda list does not do, sorted: "NAME was created" and the like
}

// compare finds what happened between the two looks at a folder. A changed ctime is what shows that a file was touched:
// no program can set it.
func compare(before map[string]entry, after map[string]syscall.Stat_t) difference {
	d := difference{damages: map[string]damage{}}
	for name, e := range before {
		now, there := after[name]
		switch {
		case !there && moved(after[name+trash], e.stat):
			d.damages[name] = renamed
		case !there:
			d.damages[name] = missing
		case !sameFile(now, e.stat):
			d.foreign = append(d.foreign, name+" was replaced")
		case now.Ctim == e.stat.Ctim, !e.removable():
		case name == "history":
			d.foreign = append(d.foreign, name+" was written to")
		default:
			d.damages[name] = altered
		}
	}
	for name := range after {
		record, isTrash := strings.CutSuffix(name, trash)
		if _, known := before[name]; !known && (!isTrash || d.damages[record] != renamed) {
			d.foreign = append(d.foreign, name+" was created")
		}
	}
	slices.Sort(d.foreign)
	return d
}

// sameFile compares identities. A file system may give the inode of a deleted file to the next one created, so the kind
// counts as well.
func sameFile(a, b syscall.Stat_t) bool {
	return a.Ino == b.Ino && a.Dev == b.Dev && (a.Mode^b.Mode)&syscall.S_IFMT == 0
}

// moved tells whether a file is what another name meant before. Renaming and chmod leave size and time alone.
func moved(now, before syscall.Stat_t) bool {
	return sameFile(now, before) && now.Size == before.Size && now.Mtim == before.Mtim
}
