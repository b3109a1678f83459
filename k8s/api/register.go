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

// reference is the body of a registration by reference, with the names that existing clients know.
type reference struct {
	Name        string       `json:"name"`
	DockerImage string       `json:"docker_image"`
	DomainID    string       `json:"domainId"`
	ProcessID   string       `json:"process_id,omitzero"` // of the process that made the image: accepted for existing clients and ignored
	Kernel      *kernelInput `json:"kernel,omitzero"`
}

type kernelInput struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	Version  string `json:"version"`
}

// check finds what is missing, or cannot be a name of anything.
func (r *reference) check() error {
	var wrong []fieldError
	for _, one := range []struct{ pointer, value string }{
		{"/docker_image", r.DockerImage}, {"/domainId", r.DomainID}, {"/name", r.Name},
	} {
		if one.value == "" || len(one.value) > maxValue || !isText(one.value) {
			wrong = append(wrong, fieldError{one.pointer, "must be text of 1 to " + strconv.Itoa(maxValue) + " bytes"})
		}
	}
	if wrong == nil {
		return nil
	}
	return invalid(wrong...)
}

// inDomain fills in the domain of a registration where the body does not say it: existing clients send a name and an
// image. It is the query's, else the only one that there is.
func (s *server) inDomain(c echo.Context, r *reference) error {
	domain, err := query(c, partDomain)
	if err != nil {
		return err
	}
	if domain != "" && r.DomainID != "" && domain != r.DomainID {
		return invalidAt("/domainId", "is not the query's domainId")
	}
	if r.DomainID == "" {
		r.DomainID = domain
	}
	if r.DomainID != "" {
		return nil
	}
	names, err := s.options.Domains.Names(c.Request().Context())
	if err != nil {
		return err
	}
	if len(names) == 1 {
		r.DomainID = names[0]
	}
	return nil
}

// register makes an environment of an image in a registry.
func (s *server) register(c echo.Context) error {
	var r reference
	if err := readJSON(c, &r); err != nil {
		return err
	}
	if err := s.inDomain(c, &r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
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
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	deadlines(c, registering)
	made, result, err := s.make(c.Request().Context(), &r, terms)
	if err != nil {
		return err
	}
	return s.registered(c, made, result)
}

// check finds what cannot be the name of a folder that a kernel is in.
func (k *kernelInput) check() error {
	var wrong []fieldError
	for _, one := range []struct{ pointer, value string }{
		{"/kernel/language", k.Language}, {"/kernel/name", k.Name}, {"/kernel/version", k.Version},
	} {
		if one.value == "" || one.value[0] == '.' || len(one.value) > maxValue || !isText(one.value) || strings.ContainsAny(one.value, "/:") {
			wrong = append(wrong, fieldError{one.pointer, "must be the name of a folder: without / and :, and not beginning with a dot"})
		}
	}
	if wrong == nil {
		return nil
	}
	return invalid(wrong...)
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
	if err := kernel.check(); err != nil {
		return nil, "", err
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
