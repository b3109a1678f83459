package api

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"k8s.io/apimachinery/pkg/util/validation"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/processtype"
	"kernelindexer/k8s/runs"
)

// place is where a request is about: a project of a domain. Projects are made by using them.
type place struct{ domain, project string }

// placeOf reads the project of the path and the domain of the query: the one that has the project's name where it is not
// said.
func (s *server) placeOf(c echo.Context) (p place, err error) {
	if p.project, err = param(c, "project"); err != nil {
		return p, err
	}
	if p.domain, err = query(c, partDomain); err != nil {
		return p, err
	}
	if p.domain == "" {
		p.domain = p.project
	}
	if len(validation.IsDNS1123Label(p.domain)) > 0 || len(p.project) > process.MaxID {
		return p, fail(codeNotFound, "not found")
	}
	return p, nil
}

// launch starts a run.
func (s *server) launch(c echo.Context) error {
	p, err := s.placeOf(c)
	if err != nil {
		return err
	}
	if err := s.domain(c, access.Deed{Verb: access.Create, Resource: access.Processes, Domain: p.domain}); err != nil {
		return err
	}
	var in launchInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Key != "" || in.Digest != "" || in.Cut {
		return fail(codeInvalid, "key, digest and cut are the service's")
	}
	key, err := idempotencyKey(c, p)
	if err != nil {
		return err
	}
	return s.start(c, p, &in, key)
}

// idempotencyKey is a hash of what makes two requests the same attempt; "" where the client does not say.
func idempotencyKey(c echo.Context, p place) (string, error) {
	key := c.Request().Header.Get("Idempotency-Key")
	if key == "" {
		return "", nil
	}
	if len(key) > 255 || !isText(key) {
		return "", fail(codeBadRequest, "Idempotency-Key: must be printable text of at most 255 bytes")
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", p.domain, p.project, userOf(c).Name, key))
	return lowerBase32(sum[:])[:24], nil
}

func lowerBase32(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// start checks a request for work, makes its Job, and answers with it. What is refused is counted, too.
func (s *server) start(c echo.Context, p place, in *launchInput, key string) error {
	run, created, err := s.begin(c, p, in, key)
	if err != nil {
		s.metrics.launches.WithLabelValues("refused").Inc()
		return err
	}
	return s.launched(c, p, run, created)
}

// begin makes the run that is asked for, unless the same request, sent before, has made it.
func (s *server) begin(c echo.Context, p place, in *launchInput, key string) (runs.Run, bool, error) {
	var err error
	if in.Digest, err = in.digest(); err != nil {
		return runs.Run{}, false, err
	}
	in.Key = key
	if run, again, err := s.attempt(c, p, in); again || err != nil {
		return run, false, err
	}
	e, err := s.chosen(c, p, in.Environment.ID)
	if err != nil {
		return runs.Run{}, false, err
	}
	if err := s.checkWork(in, e); err != nil {
		return runs.Run{}, false, err
	}
	spec, err := s.spec(c, p, in, e)
	if err != nil {
		return runs.Run{}, false, err
	}
	note, err := in.note()
	if err != nil {
		return runs.Run{}, false, err
	}
	spec.Annotations = map[string]string{process.AnnotationRequest: note}
	return s.create(c, p, in, spec)
}

// launched answers a request for work with its run, which may have been made by the same request, sent before.
func (s *server) launched(c echo.Context, p place, run runs.Run, created bool) error {
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		s.metrics.launches.WithLabelValues("created").Inc()
		s.options.Log.Info().Str("process", run.Process).Int("version", run.Version).Str("domain", p.domain).
			Str("job", run.Job).Str("by", run.CreatedBy).Msg("launched")
	} else {
		s.metrics.launches.WithLabelValues("replayed").Inc()
	}
	c.Response().Header().Set(echo.HeaderLocation, processPath(p, run.Process))
	return writeJSON(c, status, viewProcess([]runs.Run{run}, nil))
}

func processPath(p place, id string) string {
	path := "/projects/" + url.PathEscape(p.project) + "/process/" + url.PathEscape(id)
	if p.domain != p.project {
		path += "?domainId=" + url.QueryEscape(p.domain)
	}
	return path
}

// chosen is the environment of a request, which must be one that the domain may use and that is not deleted.
func (s *server) chosen(c echo.Context, p place, id string) (*environment.Environment, error) {
	if id == "" {
		return nil, invalidAt("/environment/id", "is missing")
	}
	e, err := s.environment(c, id)
	if err != nil {
		return nil, err
	}
	switch {
	case !e.For(p.domain):
		return nil, fail(codeNotFound, environmentDetail)
	case e.State == environment.Deleted:
		return nil, fail(codeGone, "environment %s is deleted; choose another one", e.FullName)
	}
	return e, nil
}

// checkWork holds the parameters against the schema of their process type.
func (s *server) checkWork(in *launchInput, e *environment.Environment) error {
	if (in.Type == "") == (len(in.Commands) == 0) {
		return invalidAt("/type", "exactly one of type and commands is needed")
	}
	if in.Type == "" {
		return nil
	}
	types, err := s.types(e)
	if err != nil {
		return err
	}
	problems, err := types.Validate(in.Type, in.Params)
	if errors.Is(err, processtype.ErrUnknownType) {
		f := fail(codeUnknownType, "environment %s has no process type %q", e.FullName, in.Type)
		f.errors = []fieldError{{"/type", "there is no such process type"}}
		return f
	}
	if err != nil || len(problems) == 0 {
		return err
	}
	f := fail(codeParameters, "the parameters do not fit the schema of process type %s", in.Type)
	for _, one := range problems {
		f.errors = append(f.errors, fieldError{"/params" + one.Pointer, one.Message})
	}
	return f
}
