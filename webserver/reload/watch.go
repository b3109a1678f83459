package reload

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// watch gives a hint when fsnotify reports something that may concern the
// files. It never says what: the loop looks by itself. Where there is no
// fsnotify, as when a user has too many watchers, the loop looks at its interval.
//
// It belongs to the loop; a goroutine of its own reads the events.
type watch struct {
	hints chan<- struct{}
	log   zerolog.Logger

	files []string // the absolute paths that matter
	dirs  []string // the directories they are in
	steps []string // dirs and all directories above them

	newWatcher func() (*fsnotify.Watcher, error)

	events  *fsnotify.Watcher
	done    chan struct{} // closed when the goroutine has ended
	watched map[string]inode
	failed  bool // and the log has it
}

// inode tells whether a watched path still leads to the watched directory.
type inode struct{ device, number uint64 }

func newWatch(hints chan<- struct{}, log zerolog.Logger, files ...string) *watch {
	w := &watch{hints: hints, log: log, watched: map[string]inode{}}
	for _, f := range files {
		if abs, err := filepath.Abs(f); err == nil {
			f = abs
		}
		w.files = append(w.files, f)
		dir := filepath.Dir(f)
		w.dirs = appendNew(w.dirs, dir)
		for ; !slices.Contains(w.steps, dir); dir = filepath.Dir(dir) {
			w.steps = append(w.steps, dir)
		}
	}
	return w
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// renew watches the directories that the paths lead to now. A directory that
// was renamed and made anew is another one, and a watch goes with the old.
func (w *watch) renew() {
	if !w.start() {
		return
	}
	wanted := w.wanted()
	for path := range w.watched {
		if _, ok := wanted[path]; !ok {
			w.remove(path)
		}
	}
	alive := w.events.WatchList() // not those whose directory is gone
	for path, is := range wanted {
		if w.watched[path] == is && slices.Contains(alive, path) {
			continue
		}
		w.remove(path)
		if err := w.events.Add(path); err != nil {
			w.fail(err)
			continue
		}
		w.watched[path] = is
	}
}

// wanted returns the directories to watch: those of the files, and for each the
// next one above it that exists, where it would appear or be replaced.
func (w *watch) wanted() map[string]inode {
	wanted := map[string]inode{}
	for _, dir := range w.dirs {
		if is, ok := directoryAt(dir); ok {
			wanted[dir] = is
		}
		for dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			if is, ok := directoryAt(dir); ok {
				wanted[dir] = is
				break
			}
		}
	}
	return wanted
}

func directoryAt(path string) (inode, bool) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return inode{}, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}, true
	}
	return inode{stat.Dev, stat.Ino}, true
}

func (w *watch) remove(path string) {
	delete(w.watched, path)
	_ = w.events.Remove(path) // most often it is not there
}

// start starts the goroutine if it is not running.
func (w *watch) start() bool {
	if w.events != nil {
		return true
	}
	events, err := w.newWatcher()
	if err != nil {
		w.fail(err)
		return false
	}
	w.events, w.done = events, make(chan struct{})
	go w.receive()
	return true
}

func (w *watch) fail(err error) {
	if !w.failed {
		w.log.Warn().Err(err).Msg("directories not watched: changes are seen at the next interval")
	}
	w.failed = true
}

func (w *watch) receive() {
	defer close(w.done)
	for {
		select {
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			if w.concerns(e) {
				poke(w.hints)
			}
		case _, ok := <-w.events.Errors: // events were lost
			if !ok {
				return
			}
			poke(w.hints)
		}
	}
}

// concerns reports whether an event may be about the files: one of them, a
// directory on the way to them, or any name that comes or goes beside them,
// since the files may be links. Not so what is written beside them, such as the
// next pair.
func (w *watch) concerns(e fsnotify.Event) bool {
	switch {
	case slices.Contains(w.files, e.Name), slices.Contains(w.steps, e.Name):
		return true
	case e.Has(fsnotify.Create), e.Has(fsnotify.Remove), e.Has(fsnotify.Rename):
		return slices.Contains(w.dirs, filepath.Dir(e.Name))
	}
	return false
}

// close ends the watching and waits for the goroutine.
func (w *watch) close() {
	if w.events == nil {
		return
	}
	_ = w.events.Close() // never fails on Linux
	<-w.done
}
