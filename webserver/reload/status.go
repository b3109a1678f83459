package reload

import (
	"errors"
	"io/fs"
	"path/filepath"

	"kernelindexer/manifests"
)

// statusFile is the index_status.json that is shown beside the pair. It is
// written after each run, also after those that leave the pair as it is.
type statusFile struct {
	files files
	dir   string
	seen  stamp
	last  *manifests.Status // the last good one
	err   error             // of the last attempt
}

func statusPath(dir string) string { return filepath.Join(dir, manifests.StatusName) }

// look reads the file if a stat shows something new, if it could not be read for
// a reason that a stat does not show, or whatever a stat shows. It reports
// whether it did.
func (f *statusFile) look(whatever bool) bool {
	now := stampAt(f.files, statusPath(f.dir))
	transient := f.err != nil && !errors.Is(f.err, manifests.ErrInvalid)
	if now == f.seen && !transient && !whatever {
		return false
	}
	f.seen = now
	at := &directory{files: f.files, path: f.dir}
	defer at.close()
	s, err := retryStale(func() (manifests.Status, error) {
		return safely(func() (manifests.Status, error) { return manifests.ReadStatus(at) })
	})
	switch {
	case err == nil:
		f.last, f.err = &s, nil
	case errors.Is(err, fs.ErrNotExist):
		f.last, f.err = nil, nil
	default:
		f.err = withoutPath(err)
	}
	return true
}

// lookAtStatus shows the status if it is new.
func (l *loop) lookAtStatus(whatever bool) {
	before := l.status.err
	if !l.status.look(whatever) {
		return
	}
	l.update(func(s *State) { s.Status, s.StatusErr = l.status.last, l.status.err })
	l.setStatus(l.status.last)
	if err := l.status.err; err != nil && (before == nil || before.Error() != err.Error()) {
		l.config.Log.Warn().Err(err).Msg("status of the last run not read")
	}
}
