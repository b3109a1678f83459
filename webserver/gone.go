package webserver

import (
	"net/http"
	"strings"

	"kernelindexer/catalog"
	"kernelindexer/manifests"
)

// goneKernel is what an answer says of a kernel, or of all versions of one, that an earlier index had (410).
type goneKernel struct {
	key        manifests.KernelKey
	lastSeen   string
	successors []manifests.KernelKey // the versions there are, the newest first
}

// shownSuccessors is how many versions an answer names instead of one that is gone.
const shownSuccessors = 20

// gone returns the answer for a kernel that an earlier index had, or nil where none is known to. An empty version is
// that of all of them.
func (g *generation) gone(key manifests.KernelKey) *httpError {
	last := ""
	for _, k := range g.history.gone {
		if k.Language == key.Language && k.Name == key.Name && (key.Version == "" || k.Version == key.Version) {
			last = max(last, k.LastSeen) // the form sorts
		}
	}
	if last == "" {
		return nil
	}
	e := &goneKernel{key: key, lastSeen: last}
	if l, ok := g.Language(key.Language); ok {
		var family catalog.Family
		if family, ok = l.Family(key.Name); ok {
			for _, k := range family.Newest() {
				e.successors = append(e.successors, k.Key())
			}
		}
	}
	e.successors = e.successors[:min(len(e.successors), shownSuccessors)]
	name := strings.TrimSuffix(key.String(), "/")
	return &httpError{status: http.StatusGone, detail: "The kernel " + name + " is gone; the index last had it on " + last, gone: e}
}

// missing is what is said of a kernel that is not there: 410 if it was, else 404.
func (g *generation) missing(key manifests.KernelKey) *httpError {
	if e := g.gone(key); e != nil {
		return e
	}
	return &httpError{status: http.StatusNotFound, detail: "There is no kernel " + key.String()}
}

// goneData is the page of a kernel that is gone.
type goneData struct {
	Name       string // language/name or language/name/version
	LastSeen   moment
	Successors []link
	Changes    string // the link to what changed in all its versions
}

func (s *server) goneFrame(e *httpError) frame {
	family := scope{language: e.gone.key.Language, name: e.gone.key.Name}
	data := goneData{
		Name: strings.TrimSuffix(e.gone.key.String(), "/"), LastSeen: momentOf(e.gone.lastSeen, s.Now()),
		Changes: s.BasePath + "/changes" + fields{"kernel", family.String()}.String(),
	}
	for _, key := range e.gone.successors {
		data.Successors = append(data.Successors, s.kernelLink(key))
	}
	return frame{Name: "gone", Title: http.StatusText(e.status), Section: "kernels", Main: data}
}
