package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNotRestored means that something conda removed or changed could not be put back, or had better not be. The
// message says what, why, and where the copies are.
var ErrNotRestored = errors.New("conda-meta is not as it was before conda ran")

// unfinished ends the name of a file that is being put back. It is no record's name.
const unfinished = ".kernel-indexer-restore"

// Restore puts back what was removed, renamed or changed since [Hold], each file at one stroke and with its mode, owner
// and times, and returns a line for each. Errors wrap [ErrNotRestored].
func (r *Records) Restore() (notes []string, err error) {
	if r.entries == nil {
		return nil, nil
	}
	after, err := r.list()
	if err != nil {
		return nil, r.rescue(slices.Sorted(maps.Keys(r.entries)), err)
	}
	d := compare(r.entries, after)
	names := slices.Sorted(maps.Keys(d.damages))
	if len(d.foreign) > 0 {
		reason := "someone else is changing this environment: " + strings.Join(d.foreign, ", ")
		if len(names) == 0 {
			return []string{reason}, nil
		}
		return nil, r.rescue(names, errors.New(reason))
	}
	if len(names) == 0 {
		return nil, nil
	}
	var failed []string
	var errs []error
	for _, name := range names {
		note, err := r.repair(name, d.damages[name])
		if err != nil {
			failed, errs = append(failed, name), append(errs, err)
			continue
		}
		notes = append(notes, note)
	}
	errs = append(errs, r.dir.Sync())
	if failed == nil {
		// As the folder was: rsync and our own fingerprints look at its times.
		errs = append(errs, setTimes(r.dir, ".", r.times))
	}
	if err := errors.Join(errs...); err != nil {
		return notes, r.rescue(failed, err)
	}
	return notes, nil
}

// repair undoes one damage and says what it did.
func (r *Records) repair(name string, what damage) (note string, err error) {
	e := r.entries[name]
	switch what {
	case renamed:
		if err := r.root.Rename(name+trash, name); err != nil {
			return "", err
		}
		note = "conda renamed " + name + " to trash; it was put back"
	case missing:
		if err := r.write(name, e); err != nil {
			return "", err
		}
		note = "conda deleted " + name + "; it was put back"
	case altered:
		if err := r.setAttributes(name, e.stat); err != nil { // first, or it may not be readable
			return "", err
		}
		same, err := r.unchanged(name, e)
		if err != nil {
			return "", err
		}
		note = "conda changed the attributes of " + name + "; they were put back"
		if !same {
			if err := r.write(name, e); err != nil {
				return "", err
			}
			note = "conda changed " + name + "; it was put back"
		}
	}
	return note, r.setAttributes(name, e.stat)
}

// unchanged compares the content of an entry that is still there with what is held.
func (r *Records) unchanged(name string, e entry) (bool, error) {
	if e.stat.Mode&syscall.S_IFMT != syscall.S_IFREG || !e.held || e.file != nil {
		return true, nil // links have one content for life, the others are beyond help
	}
	now, err := r.root.ReadFile(name)
	return bytes.Equal(now, e.data), err
}

// write makes the file or link anew under another name and gives it its own when it is complete.
func (r *Records) write(name string, e entry) error {
	if !e.held {
		return fmt.Errorf("%s: its content is not known", name)
	}
	temp := name + unfinished
	err := r.writeTemp(temp, e)
	if err == nil {
		err = r.setAttributes(temp, e.stat)
	}
	if err == nil {
		err = r.root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(r.root.Remove(temp)))
	}
	return nil
}

func (r *Records) writeTemp(temp string, e entry) error {
	if err := ignoreMissing(r.root.Remove(temp)); err != nil {
		return err
	}
	if e.stat.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		return r.root.Symlink(e.target, temp)
	}
	data, err := e.content()
	if err != nil {
		return err
	}
	file, err := r.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// setAttributes gives owner, mode and times, in this order: a change of owner may clear mode bits. Only the owner may
// stay different, where this user may not give files away.
func (r *Records) setAttributes(name string, stat syscall.Stat_t) error {
	if err := r.root.Lchown(name, int(stat.Uid), int(stat.Gid)); err != nil && !errors.Is(err, os.ErrPermission) {
		return err
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFLNK {
		if err := r.root.Chmod(name, fileMode(stat)); err != nil {
			return err
		}
	}
	return setTimes(r.dir, name, stat)
}

// fileMode returns the bits that chmod sets as Go spells them.
func fileMode(stat syscall.Stat_t) fs.FileMode {
	mode := fs.FileMode(stat.Mode & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{
		syscall.S_ISUID: fs.ModeSetuid, syscall.S_ISGID: fs.ModeSetgid, syscall.S_ISVTX: fs.ModeSticky,
	} {
		if stat.Mode&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

// setTimes sets the times of what name means in dir. A link is not followed.
func setTimes(dir *os.File, name string, stat syscall.Stat_t) error {
	times := []unix.Timespec{
		{Sec: stat.Atim.Sec, Nsec: stat.Atim.Nsec},
		{Sec: stat.Mtim.Sec, Nsec: stat.Mtim.Nsec},
	}
	if err := unix.UtimesNanoAt(int(dir.Fd()), name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("set times of %s: %w", name, err)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
