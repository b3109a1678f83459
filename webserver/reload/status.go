package reload

import (
	"path/filepath"

	"kernelindexer/manifests"
)

// statusFile is the index_status.json that is shown beside the pair. It is
// written after each run, also after those that leave the pair as it is.
type statusFile = besideFile[manifests.Status]

func newStatusFile(files files, dir string) statusFile {
	return statusFile{files: files, path: statusPath(dir), read: func(l manifests.Location) (manifests.Status, error) {
		return manifests.ReadStatus(l.FS)
	}}
}

func statusPath(dir string) string { return filepath.Join(dir, manifests.StatusName) }

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
