package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
)

// The parts of an upload, as existing clients name them.
const (
	partImage  = "environmentImage"
	partDomain = "domainId"
)

// maxParts bounds the parts of a form; further ones are refused, as are those that are not known.
const maxParts = 4

// form is an upload that has arrived.
type form struct {
	domain string
	image  *environment.Incoming
}

func (f *form) close() {
	if f.image != nil {
		_ = f.image.Close() // the file has no name any more; nothing is lost
	}
}

// upload makes an environment of an image, or a new revision of the one that has its name.
func (s *server) upload(c echo.Context) error { return s.receive(c, nil) }

// replace is upload for a certain environment: an image of another name is refused.
func (s *server) replace(c echo.Context) error {
	e, err := s.visible(c)
	if err != nil {
		return err
	}
	if e.Scope == environment.System {
		return environment.ErrSystem
	}
	return s.receive(c, e)
}

// receive takes an upload: first what can be refused before the image has arrived, then the image, then what is in it.
func (s *server) receive(c echo.Context, e *environment.Environment) error {
	terms, err := s.terms(c, access.Update, e)
	if err != nil {
		return err
	}
	if terms.Keep, err = overwriteForbidden(c); err != nil {
		return err
	}
	domain, err := query(c, partDomain)
	if err != nil {
		return err
	}
	if e != nil {
		if domain != "" && domain != e.DomainID {
			return environment.ErrDomain
		}
		domain = e.DomainID
		if err := terms.Permit(c.Request().Context(), e); err != nil {
			return err
		}
	}
	if domain != "" {
		err = s.domain(c, uploadTo(domain))
	} else {
		err = s.anyDomain(c)
	}
	if err != nil {
		return err
	}
	parts, err := multipartOf(c.Request())
	if err != nil {
		return err
	}
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	return s.take(c, parts, domain, terms, e)
}

// enter takes one of the places for work on images. Whoever has it calls leave.
func (s *server) enter() (leave func(), err error) {
	if !s.uploads.TryAcquire(1) {
		return nil, fail(codeTooMany, "%d uploads are under way; try again", s.options.Upload.Concurrent)
	}
	return func() { s.uploads.Release(1) }, nil
}

// anyDomain lets through who may make environments somewhere: whoever may not has no reason to fill the spool until it
// turns out which domain is meant.
func (s *server) anyDomain(c echo.Context) error {
	names, err := s.options.Domains.Names(c.Request().Context())
	if err != nil {
		return err
	}
	for _, name := range names {
		may, err := s.options.Gate.May(c.Request().Context(), userOf(c), uploadTo(name))
		if err != nil {
			return unanswered(err)
		}
		if may {
			return nil
		}
	}
	return fail(codeForbidden, "there is no domain in which you may make environments")
}

func uploadTo(domain string) access.Deed {
	return access.Deed{Verb: access.Create, Resource: access.Environments, Domain: domain}
}

// overwriteForbidden reads ?overwrite=false.
func overwriteForbidden(c echo.Context) (bool, error) {
	switch c.QueryParam("overwrite") {
	case "", "true":
		return false, nil
	case "false":
		return true, nil
	}
	return false, fail(codeBadRequest, "query overwrite: must be true or false")
}

// multipartOf returns the parts of a form.
func multipartOf(r *http.Request) (*multipart.Reader, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEMultipartForm {
		return nil, fail(codeMediaType, "the body must be %s with the parts %s and %s", echo.MIMEMultipartForm, partImage, partDomain)
	}
	if boundary := parameters["boundary"]; boundary == "" || len(boundary) > 70 { // RFC 2046 5.1.1
		return nil, fail(codeBadRequest, "%s has no usable boundary", echo.HeaderContentType)
	}
	// The reader of forms asks for 4 KiB at a time: a system call each, without a buffer.
	r.Body = buffered{bufio.NewReaderSize(r.Body, arrivalBuffer), r.Body}
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, fail(codeBadRequest, "the body must be a form: %v", err)
	}
	return reader, nil
}

// arrivalBuffer is how much of an upload is read from the connection at once, in bytes.
const arrivalBuffer = 1 << 20

// buffered is a body that is read through a buffer.
type buffered struct {
	io.Reader
	io.Closer
}

// take reads the form and makes the environment of it.
func (s *server) take(c echo.Context, parts *multipart.Reader, domain string, terms environment.Terms, e *environment.Environment) error {
	start := time.Now()
	f, err := s.readForm(c, parts, domain)
	defer f.close()
	if err != nil {
		return err
	}
	s.metrics.uploadSeconds.WithLabelValues("receive").Observe(time.Since(start).Seconds())
	switch {
	case f.domain == "":
		return fail(codeMissingPart, "the form has no part %s, and the query no %s", partDomain, partDomain)
	case e != nil && f.domain != e.DomainID:
		return environment.ErrDomain
	case domain == "": // nobody has been asked yet
		if err := s.domain(c, uploadTo(f.domain)); err != nil {
			return err
		}
	}
	// The image is here: how long looking at it takes is the registrar's to bound.
	deadlines(c, registering)
	start = time.Now()
	made, result, err := s.options.Registrar.Upload(c.Request().Context(), f.image, f.domain, terms)
	s.metrics.uploadSeconds.WithLabelValues("register").Observe(time.Since(start).Seconds())
	if err != nil {
		return err
	}
	return s.registered(c, made, result)
}

// registering bounds the answer to an upload, after it has arrived.
const registering = 2 * time.Hour

// registered answers an environment that was made.
func (s *server) registered(c echo.Context, made *environment.Environment, result environment.Result) error {
	s.options.Log.Info().Str("environment", made.FullName).Str("id", made.ID).Str("result", string(result)).
		Int64("revision", made.Revision).Str("by", made.UpdatedBy).Msg("registered")
	status := http.StatusOK
	if result == environment.Created {
		status = http.StatusCreated
		c.Response().Header().Set(echo.HeaderLocation, "/api/v1/environment/"+made.ID)
	}
	return s.writeEnvironment(c, status, made)
}

// readForm reads a form whose parts come in any order. Existing clients send the image before the domain, so that it is
// on disk when it turns out whether they may.
func (s *server) readForm(c echo.Context, parts *multipart.Reader, domain string) (*form, error) {
	f := &form{domain: domain}
	for n := 0; ; n++ {
		deadlines(c, s.options.Upload.Stall)
		part, err := parts.NextRawPart()
		switch {
		case err == io.EOF && f.image == nil: // the end of a form, which is returned bare
			return f, fail(codeMissingPart, "the form has no part %s", partImage)
		case err == io.EOF:
			return f, nil
		case err != nil:
			return f, arrival(err)
		case n == maxParts:
			return f, fail(codeBadRequest, "the form has more than %d parts", maxParts)
		}
		if err := s.readPart(c, part, f); err != nil {
			return f, err
		}
	}
}

func (s *server) readPart(c echo.Context, part *multipart.Part, f *form) error {
	switch name := part.FormName(); name {
	case partImage:
		if f.image != nil {
			return fail(codeBadRequest, "the form has two parts %s", partImage)
		}
		spooled, err := s.spool(c, part)
		f.image = spooled
		return err
	case partDomain:
		text, err := io.ReadAll(io.LimitReader(part, maxValue+1))
		if err != nil {
			return arrival(err)
		}
		domain := string(text)
		switch {
		case len(text) > maxValue || !isText(domain):
			return fail(codeBadRequest, "%s must be the name of a domain, printable text of at most %d bytes", partDomain, maxValue)
		case f.domain != "" && f.domain != domain:
			return fail(codeBadRequest, "%s is given twice: %q and %q", partDomain, f.domain, domain)
		}
		f.domain = domain
		return nil
	default:
		return fail(codeBadRequest, "the form has a part %.100q; there are only %s and %s", name, partImage, partDomain)
	}
}

// spool puts the image on disk while it arrives.
func (s *server) spool(c echo.Context, part *multipart.Part) (*environment.Incoming, error) {
	if encoding := part.Header.Get("Content-Transfer-Encoding"); encoding != "" && encoding != "binary" && encoding != "8bit" && encoding != "7bit" {
		return nil, fail(codeMediaType, "%s %.50q is not understood", textproto.CanonicalMIMEHeaderKey("content-transfer-encoding"), encoding)
	}
	arriving := &arriving{
		from: part, control: http.NewResponseController(c.Response().Writer), stall: s.options.Upload.Stall,
		end: time.Now().Add(s.options.Upload.Total), seen: s.metrics.uploadBytes.Add,
	}
	spooled, err := s.options.Registrar.Receive(c.Request().Context(), arriving, s.options.Upload.Dir, s.options.Upload.Limits)
	if err != nil && arriving.err != nil {
		return nil, arrival(arriving.err)
	}
	return spooled, err
}

// arriving reads from a client that may take its time, as long as something arrives now and then, but not for ever: a few
// who send a byte a minute would have all places.
type arriving struct {
	from    io.Reader
	control *http.ResponseController
	stall   time.Duration
	end     time.Time
	seen    func(float64)
	moved   time.Time // when the deadline was moved
	err     error     // of the client, not of the disk
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	now := time.Now()
	if !now.Before(a.end) {
		a.err = errEndless
		return 0, a.err
	}
	if now.Sub(a.moved) > a.stall/4 {
		a.moved = now
		_ = a.control.SetReadDeadline(earlier(now.Add(a.stall), a.end)) // a recorder in a test has none
		_ = a.control.SetWriteDeadline(now.Add(2 * a.stall))            // for the answer, if this is the last
	}
	n, err := a.from.Read(p)
	a.seen(float64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		a.err = err
	}
	return n, err
}

// errEndless is an upload that takes more than all the time there is for one.
var errEndless = errors.New("the upload takes too long")

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// arrival classifies an error of reading the form.
func arrival(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, context.Canceled), errors.Is(err, errEndless):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &failure{code: codeBadRequest, detail: "nothing arrived any more", cause: err}
	}
	return &failure{code: codeBadRequest, detail: "the form is damaged, or was cut", cause: err}
}
