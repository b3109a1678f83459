package webserver

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/webserver/reload"
)

// Pair is the served pair. [reload.Reloader] is one.
type Pair interface {
	// Current returns what is served now, nil before the first good pair. It never waits.
	Current() *reload.View
	// Refresh reads the files again, and returns what is wrong with them in the words of the original service.
	Refresh(ctx context.Context) error
	// State says how the last attempts to load a pair went.
	State() reload.State
}

// Options is what a server is made of. Only Pair must be given.
type Options struct {
	Pair         Pair
	Version      string           // of the program; shown in pages and part of every ETag
	BasePath     string           // where a proxy shows the site, e.g. /services/kernels; "" is the root of the host
	RefreshToken string           // what POST /api/refresh asks for as a bearer token; "" lets everyone refresh
	Closing      func() bool      // whether the end has begun, so that new clients should go elsewhere; nil is never
	Now          func() time.Time // time.Now if nil

	// What pages say beside the index. Commands are templates in which {language}, {name} and {version} stand for those
	// of a kernel, quoted for a shell; an empty one is not shown.
	SiteTitle    string        // "Kernels" if empty
	Organization string        // beside it
	HelpURL      string        // where people ask for help or for a package: http, https or mailto
	GetCommand   string        // makes a kernel the user's own
	UseCommand   string        // has the user's next session run in it
	StaleAfter   time.Duration // the age from which pages warn; never if it is not positive
	Logo         []byte        // an SVG or PNG file, up to MaxLogoBytes; none if empty
	Accent       string        // the colour of buttons and lines, as #rrggbb; ours if empty
}

// server is what the handlers share.
type server struct {
	Options
	echo    *echo.Echo
	allow   map[string]string // by route pattern: the methods to name in a 405
	api     apiDocument
	assets  *assets
	made    atomic.Pointer[generation]
	answers answerPool
}

// New returns the routes with their error handler, and nothing around them. It fails if the base path is none, if the
// help is nowhere that a link may lead, and if logo or accent are nothing that pages can show.
//
// With a base path the routes are found below it and, for a proxy that cuts it off, at the root as well; redirects and
// links always carry it.
func New(o Options) (*echo.Echo, error) {
	base, err := cleanBasePath(o.BasePath)
	if err != nil {
		return nil, err
	}
	o.BasePath = base
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SiteTitle == "" {
		o.SiteTitle = "Kernels"
	}
	if err := checkHelpURL(o.HelpURL); err != nil {
		return nil, err
	}
	s := &server{Options: o, echo: echo.New(), allow: map[string]string{}}
	if s.assets, err = brandedAssets(o); err != nil {
		return nil, err
	}
	if s.api, err = newAPIDocument(base); err != nil {
		return nil, err
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.Pre(s.normalize)
	s.install()
	return s.echo, nil
}

// brandedAssets makes the files that pages need of what is configured.
func brandedAssets(o Options) (*assets, error) {
	colour, err := newAccent(o.Accent)
	if err != nil {
		return nil, err
	}
	picture, err := newLogo(o.Logo)
	if err != nil {
		return nil, err
	}
	return newAssets(o.BasePath, colour, picture)
}

// install is the list of all routes.
func (s *server) install() {
	// The original's, W1 to W10 of its inventory.
	s.get("/", s.indexPage)
	s.get("/health", s.health)
	s.get("/api/languages", s.languages)
	s.get("/api/kernels/:language", s.kernelsOfLanguage)
	s.get("/api/kernel/:language/:kernel_name/:version", s.kernelDetails)
	s.get("/api/manifest/:language/:kernel_name/:version", s.kernelManifest)
	s.get("/api/package/:package_name", s.packageInfo)
	s.get("/api/packages/search", s.searchPackages)
	s.route("/api/refresh", http.MethodPost, s.refresh)
	s.get("/openapi.json", s.openAPI)
	s.get("/docs", s.docsPage)
	s.get("/redoc", s.docsPage)

	s.get("/api/v1/kernels", s.listKernels)
	s.get("/api/v1/kernels/:language/:kernel_name/:version", s.showKernel)
	s.get("/api/v1/kernels/:language/:kernel_name/:version/export", s.exportKernel)
	s.get("/api/v1/find", s.findKernels)
	s.get("/api/v1/compare", s.compareKernels)
	s.get("/api/v1/packages", s.listPackages)
	s.get("/api/v1/packages/:package_name", s.showPackage)
	s.get("/api/v1/suggest", s.suggest)
	s.get("/api/v1/changes", s.listChanges)
	s.get("/api/v1/status", s.status)

	s.get("/find", s.findPage)
	s.get("/kernels", s.kernelsPage)
	s.get("/kernels/:language/:kernel_name", s.familyPage)
	s.get("/kernels/:language/:kernel_name/:version", s.versionPage)
	s.get("/packages", s.packagesPage)
	s.get("/packages/:package_name", s.packagePage)
	s.get("/compare", s.comparePage)
	s.get("/changes", s.changesPage)
	s.get("/feed.atom", s.siteFeed)
	s.get("/kernels/:language/:kernel_name/feed.atom", s.kernelFeed)
	s.get("/status", s.statusPage)
	s.get("/help", s.helpPage)
	s.get("/opensearch.xml", s.openSearchFile)

	s.get("/data/:document", s.rawDocument)
	s.get("/static/:file", s.staticFile)

	s.get("/livez", s.livez)
	s.get("/readyz", s.readyz)
}
