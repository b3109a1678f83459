package webserver

import (
	"encoding/xml"
	"net/http"

	"github.com/labstack/echo/v4"
)

// maxShortName is how many characters a browser shows of a search (OpenSearch 1.1, ShortName).
const maxShortName = 16

// openSearch describes the search for browsers that offer it in their address field (OpenSearch 1.1).
type openSearch struct {
	XMLName     xml.Name        `xml:"http://a9.com/-/spec/opensearch/1.1/ OpenSearchDescription"`
	ShortName   string          `xml:"ShortName"`
	Description string          `xml:"Description"`
	Encoding    string          `xml:"InputEncoding"`
	Image       string          `xml:"Image"`
	URLs        []openSearchURL `xml:"Url"`
}

type openSearchURL struct {
	Type     string `xml:"type,attr"`
	Template string `xml:"template,attr"`
}

// openSearchFile answers GET /opensearch.xml. Browsers take no relative templates, so it says where the request went.
func (s *server) openSearchFile(c echo.Context) error {
	site := origin(c.Request()) + s.BasePath
	name := []rune(s.SiteTitle)
	body, err := xml.MarshalIndent(openSearch{
		ShortName: string(name[:min(len(name), maxShortName)]), Description: "Find kernels by what they must have",
		Encoding: "UTF-8", Image: origin(c.Request()) + s.assets.urls["icon.svg"],
		URLs: []openSearchURL{{"text/html", site + "/find?q={searchTerms}"}},
	}, "", " ")
	if err != nil {
		return err
	}
	body = append([]byte(xml.Header), append(body, '\n')...)
	if tagged(c, contentTag(body)) {
		return nil
	}
	return writeBody(c, http.StatusOK, []string{"application/opensearchdescription+xml"}, body)
}

// origin is where a client sent its request: scheme and host. A proxy that takes TLS off says so.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
