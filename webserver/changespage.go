package webserver

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"kernelindexer/manifests"
)

// What a page or a feed shows of a run; the JSON has more.
const (
	pageRuns     = 50 // at once
	pageKernels  = 20 // of each kind
	pagePackages = 10 // of a kernel
	homeRuns     = 5
	kernelRuns   = 5
)

// changesData is what recent runs changed.
type changesData struct {
	Kernel string // language/name or language/name/version: what the page is limited to, if anything
	Bad    bool   // that was neither
	Known  bool   // the document is there
	Runs   []runBlock
	Pager  pager
	Feed   string
}

// runBlock is what one run changed, as pages show it.
type runBlock struct {
	ID      string
	URL     string // of the run on the page of all
	At      moment
	Summary string
	Kernels int
	First   bool // there was no index to compare with
	Groups  []kernelGroup
	Twin    string // the same as JSON, with all that is known
}

// changesPage lists the runs, the newest first.
func (s *server) changesPage(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	q := readQuery(c)
	data := changesData{Kernel: q.text("kernel"), Known: g.history.document != nil, Feed: s.BasePath + "/feed.atom"}
	sc, ok := parseScope(data.Kernel)
	if !ok {
		data.Bad = true
	}
	if sc != (scope{}) {
		data.Feed = cmp.Or(s.kernelFeedURL([]string{sc.language, sc.name}), data.Feed)
	}
	runs := g.history.within(sc)
	query := fields{"kernel", data.Kernel}
	data.Pager = newPagerOf(pageRuns, s.BasePath+"/changes", query, q.offset(), len(runs))
	for i, r := range cut(data.Pager, runs) {
		data.Runs = append(data.Runs, s.runBlock(g, &r, sc, data.Pager.First-1+i))
	}
	return s.writePage(c, http.StatusOK, frame{
		Name: "changes", Title: "Changes", Section: "changes", Main: data, Feed: data.Feed,
		Twin: s.BasePath + "/api/v1/changes" + query.String(),
	})
}

// recent are the last runs that concern some kernels.
func (s *server) recent(g *generation, sc scope, most int) []runBlock {
	runs := g.history.within(sc)
	var blocks []runBlock
	for i := range runs[:min(len(runs), most)] {
		blocks = append(blocks, s.runBlock(g, &runs[i], sc, i))
	}
	return blocks
}

// runBlock shows the run that is the offset-th of its scope.
func (s *server) runBlock(g *generation, r *manifests.Run, sc scope, offset int) runBlock {
	b := runBlock{
		ID: runID(r), URL: s.changesURL(r, sc), At: momentOf(r.IndexedDate, s.Now()), Summary: summaryOf(r),
		Kernels: r.TotalKernels, First: r.Previous == "", Groups: kernelGroups(r, pageKernels, pagePackages),
		Twin: s.BasePath + "/api/v1/changes" + fields{"kernel", sc.String(), "limit", "1", "offset", positive(offset)}.String(),
	}
	for i := range b.Groups {
		for j := range b.Groups[i].Kernels {
			k := &b.Groups[i].Kernels[j]
			if _, there := g.Kernel(k.Key); there {
				k.URL = s.kernelLink(k.Key).URL
			}
		}
	}
	return b
}

// kernelFeedURL is where the feed of a kernel is, "" if no URL can lead there. Of the names, the first two count.
func (s *server) kernelFeedURL(names []string) string {
	if page := s.place("/kernels", names[:2]...); page != "" {
		return page + "/feed.atom"
	}
	return ""
}

// changesURL leads to a run on the page of all.
func (s *server) changesURL(r *manifests.Run, sc scope) string {
	return s.BasePath + "/changes" + fields{"kernel", sc.String()}.String() + "#" + runID(r)
}
