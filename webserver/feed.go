package webserver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/manifests"
)

// What a feed tells of: so many runs, so many kernels of each kind, so many packages of each.
const (
	feedEntries  = pageRuns // so that all are on the page that they lead to
	feedKernels  = 20
	feedPackages = 10
)

var typeAtom = []string{"application/atom+xml; charset=utf-8"}

// atomFeed is an Atom feed (RFC 4287). Its texts are plain: names are never markup, and what XML cannot hold, control
// characters for example, becomes U+FFFD by the encoder.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Relation string `xml:"rel,attr"`
	Type     string `xml:"type,attr"`
	Href     string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Content atomText `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// siteFeed answers GET /feed.atom: what recent runs changed.
func (s *server) siteFeed(c echo.Context) error {
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	return s.writeFeed(c, g, scope{}, s.SiteTitle+": changes", "/feed.atom", s.BasePath+"/changes")
}

// kernelFeed answers GET /kernels/{language}/{name}/feed.atom: what recent runs changed in the versions of a kernel. It
// is there as long as something is known of the kernel, so that its readers learn that it is gone.
func (s *server) kernelFeed(c echo.Context) error {
	names, err := segments(c, "language", "kernel_name")
	if err != nil {
		return err
	}
	g, err := s.loaded(noData)
	if err != nil {
		return err
	}
	sc := scope{language: names[0], name: names[1]}
	if !g.hasFamily(sc) && len(g.history.within(sc)) == 0 {
		return s.nearKernel(g, manifests.KernelKey{Language: names[0], Name: names[1]})
	}
	page := s.place("/kernels", names...)
	return s.writeFeed(c, g, sc, s.SiteTitle+": "+names[0]+"/"+names[1], strings.TrimPrefix(page, s.BasePath)+"/feed.atom", page)
}

func (g *generation) hasFamily(sc scope) bool {
	l, ok := g.Language(sc.language)
	if ok {
		_, ok = l.Family(sc.name)
	}
	return ok
}

// writeFeed writes the feed of some kernels: self is its path, page that of the same for people.
func (s *server) writeFeed(c echo.Context, g *generation, sc scope, title, self, page string) error {
	site := origin(c.Request())
	self = site + s.BasePath + self
	feed := atomFeed{
		ID: urnOf("feed", self), Title: title, Updated: g.IndexedDate(), Author: s.SiteTitle,
		Links: []atomLink{{"self", "application/atom+xml", self}, {"alternate", "text/html", site + page}},
	}
	runs := g.history.within(sc)
	for _, r := range runs[:min(len(runs), feedEntries)] {
		feed.Entries = append(feed.Entries, atomEntry{
			ID: urnOf("run", r.Previous, r.Generation, r.IndexedDate, sc.language, sc.name), Title: summaryOf(&r), Updated: r.IndexedDate,
			Link:    atomLink{"alternate", "text/html", site + s.changesURL(&r, sc)},
			Content: atomText{"text", feedText(&r)},
		})
	}
	if len(runs) > 0 {
		feed.Updated = runs[0].IndexedDate
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), append(body, '\n')...)
	updated, _ := time.Parse(time.RFC3339, feed.Updated) // dates of the documents are of this form
	if !updated.IsZero() {
		c.Response().Header().Set(echo.HeaderLastModified, updated.Format(http.TimeFormat))
	}
	if tagged(c, contentTag(body)) || notSince(c, updated) {
		return nil
	}
	return writeBody(c, http.StatusOK, typeAtom, body)
}

// notSince answers 304 where a client that knows no tags asks whether anything changed since a time (RFC 9110 13.1.3).
func notSince(c echo.Context, updated time.Time) bool {
	h := c.Request().Header
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	if err != nil || updated.IsZero() || h.Get("If-None-Match") != "" || updated.After(since) {
		return false
	}
	c.Response().WriteHeader(http.StatusNotModified)
	return true
}

// urnOf makes an identifier of what a thing is made of: a UUID of version 8 (RFC 9562), the same on every replica.
func urnOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	id := sum[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// runID names a run on the page of all of them. A generation alone can come back.
func runID(r *manifests.Run) string {
	sum := sha256.Sum256([]byte(r.Previous + "\n" + r.Generation + "\n" + r.IndexedDate))
	return "run-" + hex.EncodeToString(sum[:8])
}

// feedText says what a run did, a line a kernel.
func feedText(r *manifests.Run) string {
	var text bytes.Buffer
	for _, g := range kernelGroups(r, feedKernels, feedPackages) {
		fmt.Fprintf(&text, "%s: %s\n", g.Title, group(g.Count))
		for _, k := range g.Kernels {
			fmt.Fprintf(&text, "  %s", k.Name)
			for _, fact := range k.Facts {
				fmt.Fprintf(&text, "; %s", fact)
			}
			text.WriteByte('\n')
			for _, p := range k.Packages {
				fmt.Fprintf(&text, "    %s\n", p)
			}
			if k.More > 0 {
				fmt.Fprintf(&text, "    and %s more\n", group(k.More))
			}
		}
		if g.More > 0 {
			fmt.Fprintf(&text, "  and %s more\n", group(g.More))
		}
	}
	return text.String()
}
