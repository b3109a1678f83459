package api

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/kernels"
)

// reference is the body of a registration by reference, with the seed's names.
type reference struct {
	Name        string       `json:"name"`
	DockerImage string       `json:"docker_image"`
	DomainID    string       `json:"domainId"`
	ProcessID   string       `json:"process_id,omitzero"` // of the process that made the image; nobody needs it
	Kernel      *kernelInput `json:"kernel,omitzero"`
}

type kernelInput struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	Version  string `json:"version"`
}

// register makes an environment of an image in a registry.
func (s *server) register(c echo.Context) error {
	var r reference
	if err := readJSON(c, &r); err != nil {
		return err
	}
	f := fail(codeInvalid, "the body is not what is wanted here")
	for pointer, value := range map[string]string{"/name": r.Name, "/docker_image": r.DockerImage, "/domainId": r.DomainID} {
		if value == "" || len(value) > maxValue || !isText(value) {
			f.errors = append(f.errors, fieldError{pointer, "must be text of 1 to " + strconv.Itoa(maxValue) + " bytes"})
		}
	}
	if f.errors != nil {
		return f.sorted()
	}
	terms, err := s.terms(c, access.Update, nil)
	if err != nil {
		return err
	}
	if terms.Keep, err = overwriteForbidden(c); err != nil {
		return err
	}
	if err := s.domain(c, uploadTo(r.DomainID)); err != nil {
		return err
	}
	if !s.uploads.TryAcquire(1) {
		return fail(codeTooMany, "%d uploads are under way; try again", s.options.Upload.Concurrent)
	}
	defer s.uploads.Release(1)
	deadlines(c, registering)
	made, result, err := s.make(c.Request().Context(), &r, terms)
	if err != nil {
		return environmentFailure(err)
	}
	return s.registered(c, made, result)
}

// make makes the environment: of the image, or of a kernel that is mounted into it.
func (s *server) make(ctx context.Context, r *reference, terms environment.Terms) (*environment.Environment, environment.Result, error) {
	if r.Kernel == nil {
		return s.options.Registrar.Reference(ctx, r.Name, r.DockerImage, r.DomainID, terms)
	}
	kernel := *r.Kernel
	if s.options.Kernels == nil || s.options.Launch.KernelsClaim == "" {
		return nil, "", invalidAt("/kernel", "kernels cannot be environments here")
	}
	for pointer, part := range map[string]string{"language": kernel.Language, "name": kernel.Name, "version": kernel.Version} {
		if part == "" || part[0] == '.' || len(part) > maxValue || !isText(part) || strings.ContainsAny(part, "/:") {
			return nil, "", invalidAt("/kernel/"+pointer, "is no name of a folder that a kernel can have")
		}
	}
	packages, err := s.options.Kernels.Packages(ctx, kernel.Language, kernel.Name, kernel.Version)
	switch {
	case errors.Is(err, kernels.ErrNotFound):
		return nil, "", invalidAt("/kernel", err.Error())
	case err != nil:
		return nil, "", &failure{code: codeUnavailable, detail: "the index of kernels does not answer", cause: err}
	}
	path := environment.KernelPath{
		Language: kernel.Language, Name: kernel.Name, Version: kernel.Version,
		Prefix: strings.TrimSuffix(s.options.Launch.KernelsRoot, "/") + "/" + kernel.Language + "/" + kernel.Name + "/" + kernel.Version,
	}
	return s.options.Registrar.Kernel(ctx, r.Name, r.DockerImage, r.DomainID, path, packages, terms)
}

// invalidAt is a request with one value that cannot be used.
func invalidAt(pointer, message string) error {
	f := fail(codeInvalid, "the body is not what is wanted here")
	f.errors = []fieldError{{pointer, message}}
	return f
}
