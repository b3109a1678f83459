package reload

import (
	"errors"
	"path/filepath"
	"reflect"

	"kernelindexer/manifests"
)

// changesFile is the index_changes.json beside the collated file. A publication
// puts it in place before the pair, so that whoever reads it after the pair has
// what led there, and perhaps more.
type changesFile = besideFile[manifests.Changes]

func newChangesFile(files files, collated string) changesFile {
	return changesFile{files: files, path: changesPath(collated), read: manifests.ReadChanges}
}

func changesPath(collated string) string {
	return filepath.Join(filepath.Dir(collated), manifests.ChangesName)
}

// lookAtChanges reads the document if it is new. One that is invalid tells of no
// changes; one that cannot be read just now is believed to be what it was. It
// reports whether there is something else to be shown.
func (l *loop) lookAtChanges(whatever bool) bool {
	shown, before := l.changes.last, l.changes.err
	if !l.changes.look(whatever) {
		return false
	}
	if errors.Is(l.changes.err, manifests.ErrInvalid) {
		l.changes.last = nil
	}
	l.update(func(s *State) { s.ChangesErr = l.changes.err })
	if err := l.changes.err; err != nil && (before == nil || before.Error() != err.Error()) {
		l.config.Log.Warn().Err(err).Msg("changes of recent runs not read")
	}
	if reflect.DeepEqual(shown, l.changes.last) {
		l.changes.last = shown // what was made of it holds
		return false
	}
	return true
}
