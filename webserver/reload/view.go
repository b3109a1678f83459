package reload

import (
	"io"
	"time"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// View is one pair as it is served. It never changes.
type View struct {
	// Catalog is what the documents say. Two views of the same content have the
	// same Catalog, so that what was prepared for one serves the other.
	Catalog *catalog.Catalog
	// Digest is of the bytes of both documents, 32 hex digits. It is the same on
	// all replicas, files of the original have one, too, and unlike the
	// generation it changes with the dates that are in the answers.
	Digest string
	// Loaded is when the documents were last read and found good.
	Loaded time.Time
	// Status is index_status.json as of the last look, or nil; see [State]. It
	// changes, with a new View, also when the pair does not.
	Status *manifests.Status
	// Changes is index_changes.json, nil if there is none that is valid. It may
	// hold runs that led elsewhere: see [manifests.Changes.Leading].
	Changes *manifests.Changes

	docs *documents
}

// Open opens a document of just this view. The error is [ErrReplaced], and then
// the caller should ask for the current view and try that one.
func (v *View) Open(doc Document) (*File, error) {
	if v.docs == nil || !v.docs.acquire() {
		return nil, ErrReplaced
	}
	if err := v.docs.check(doc); err != nil {
		v.docs.release()
		return nil, err
	}
	r := v.docs.files[doc]
	return &File{docs: v.docs, doc: doc, section: io.NewSectionReader(r.file, 0, r.info.Size())}, nil
}
