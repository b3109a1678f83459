package webserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/manifests"
	"kernelindexer/webserver/reload"
)

// rawDocument serves the documents themselves, with ranges and conditions. There are four names, and no path is made of
// what a client sends.
func (s *server) rawDocument(c echo.Context) error {
	name, err := segment(c, "document")
	if err != nil {
		return err
	}
	switch name {
	case manifests.CollatedName:
		return s.pairDocument(c, reload.Collated)
	case manifests.PackageIndexName:
		return s.pairDocument(c, reload.Index)
	case manifests.ChangesName:
		return s.changesDocument(c)
	case manifests.StatusName:
		return s.statusDocument(c)
	}
	return &httpError{status: http.StatusNotFound} // the route is right, and the name is none of ours
}

// openAttempts is how often the current view is asked for again because a newer one was swapped in meanwhile.
const openAttempts = 3

// pairDocument serves a document of just the pair that the other answers are made of.
func (s *server) pairDocument(c echo.Context, doc reload.Document) error {
	file, digest, err := s.openDocument(doc)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // never fails
	serveContent(c, []string{`"` + digest + `"`}, file.ModTime(), file)
	return nil
}

// openDocument opens a document of the current view, whose digest it returns.
func (s *server) openDocument(doc reload.Document) (*reload.File, string, error) {
	for range openAttempts {
		view := s.Pair.Current()
		if view == nil {
			return nil, "", &httpError{status: http.StatusServiceUnavailable, detail: notLoaded[doc]}
		}
		file, err := view.Open(doc)
		if err == nil {
			return file, view.Digest, nil
		}
		if !errors.Is(err, reload.ErrReplaced) {
			return nil, "", err
		}
	}
	return nil, "", &httpError{status: http.StatusServiceUnavailable, detail: "The document is being replaced"}
}

// notLoaded is what the original says of a document that it does not have.
var notLoaded = map[reload.Document]string{reload.Collated: noManifests, reload.Index: noIndex}

// statusDocument serves how the last run of the indexer went.
func (s *server) statusDocument(c echo.Context) error {
	status := s.Pair.State().Status
	if status == nil {
		return notFound("No %s", manifests.StatusName)
	}
	body, err := status.Encode()
	if err != nil {
		return err
	}
	ended, err := time.Parse(time.RFC3339, status.End)
	if err != nil {
		ended = time.Time{} // no Last-Modified
	}
	serveContent(c, contentTag(body), ended, bytes.NewReader(body))
	return nil
}

// changesDocument serves what recent runs changed, as it is known.
func (s *server) changesDocument(c echo.Context) error {
	g := s.generation()
	if g == nil || g.history.document == nil {
		return notFound("No %s", manifests.ChangesName)
	}
	body, err := g.history.document.Encode()
	if err != nil {
		return err
	}
	var written time.Time // unknown: no Last-Modified
	if runs := g.history.document.Runs; len(runs) > 0 {
		written, _ = time.Parse(time.RFC3339, runs[0].IndexedDate) // the document was checked
	}
	serveContent(c, contentTag(body), written, bytes.NewReader(body))
	return nil
}

// serveContent answers with a document, its tag and its time; http.ServeContent knows the other conditions and the
// ranges.
func serveContent(c echo.Context, etag []string, modified time.Time, content io.ReadSeeker) {
	if tagged(c, etag) {
		return
	}
	http.ServeContent(c.Response(), c.Request(), "document.json", modified, content) // the name says the type only
}
