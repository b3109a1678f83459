package api

import (
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"k8s.io/apimachinery/pkg/api/resource"

	"kernelindexer/k8s/environment"
	"kernelindexer/k8s/process"
)

// spec makes a spec of a request, all but the process and its version.
func (s *server) spec(c echo.Context, p place, in *launchInput, e *environment.Environment) (process.Spec, error) {
	l := &s.options.Launch
	spec := process.Spec{
		Namespace: p.domain, Project: p.project, Name: in.Name, Type: in.Type,
		Directories: in.Folders, Env: in.Env, Retries: in.Retries, Queue: in.Queue,
		Resources: process.Resources{CPU: in.Resources.CPU, Memory: in.Resources.Memory, Ephemeral: in.Resources.Ephemeral},
		Deadline:  time.Duration(in.Deadline) * time.Second, StartWithin: time.Duration(in.Start) * time.Second,
		BackendURL: l.BackendURL, Account: l.Account, PullSecrets: l.PullSecrets,
		Storage:   l.storage(p),
		CreatedBy: userOf(c).Name,
	}
	var err error
	if spec.Environment, err = l.environment(e); err != nil {
		return spec, err
	}
	spec.Parameters = string(in.Params) // of commands, too: the check refuses them
	for _, command := range in.Commands {
		spec.Commands = append(spec.Commands, process.Command{Args: command.Args, Exec: command.Exec})
	}
	spec = spec.WithDefaults()
	if in.Deadline < 0 || in.Start < 0 || in.Deadline > 1<<31 || in.Start > 1<<31 {
		return spec, fail(codeInvalid, "deadline_seconds and start_timeout_seconds must be positive")
	}
	return spec, l.bound(&spec)
}

// storage is where a project keeps its data.
func (l *Launch) storage(p place) process.Storage {
	fill := strings.NewReplacer("{project}", p.project, "{domain}", p.domain)
	return process.Storage{Base: fill.Replace(l.StorageBase), Endpoint: l.StorageEndpoint, Secret: fill.Replace(l.StorageSecret)}
}

// environment pins an environment for a run.
func (l *Launch) environment(e *environment.Environment) (process.Environment, error) {
	pinned := process.Environment{
		ID: e.ID, Revision: e.Revision, Kind: process.KindImage, Image: e.Image, Arch: archOf(e.Platform),
		User: process.User{UID: e.User.UID, GID: e.User.GID, Home: e.User.Home}, Path: e.Runtime.Path,
	}
	if e.Kind == environment.Kernel && e.Kernel != nil {
		below, ok := strings.CutPrefix(e.Kernel.Prefix, strings.TrimSuffix(l.KernelsRoot, "/")+"/")
		if !ok {
			return pinned, fail(codeConflict, "kernels are below %s now, and that of %s is in %s; register the environment again",
				l.KernelsRoot, e.FullName, e.Kernel.Prefix)
		}
		pinned.Kind = process.KindKernel
		pinned.Kernel = process.Kernel{Prefix: e.Kernel.Prefix, Claim: l.KernelsClaim, SubPath: below}
	}
	return pinned, nil
}

func archOf(platform string) string {
	_, rest, _ := strings.Cut(platform, "/")
	arch, _, _ := strings.Cut(rest, "/")
	return arch
}

// bound refuses what is more than one run may have.
func (l *Launch) bound(spec *process.Spec) error {
	f := fail(codeInvalid, "more than a run may have")
	if spec.Deadline > l.MaxDeadline {
		f.errors = append(f.errors, fieldError{"/deadline_seconds", fmt.Sprintf("at most %d", int64(l.MaxDeadline/time.Second))})
	}
	for _, one := range []struct{ pointer, asked, most string }{
		{"/resource_requests/cpu", spec.Resources.CPU, l.MaxCPU},
		{"/resource_requests/memory", spec.Resources.Memory, l.MaxMemory},
		{"/resource_requests/ephemeral-storage", spec.Resources.Ephemeral, l.MaxEphemeral},
	} {
		if one.most == "" {
			continue // no bound
		}
		asked, err := resource.ParseQuantity(one.asked)
		if err != nil {
			continue // [process.Spec.Validate] says what is wrong with it
		}
		if most := resource.MustParse(one.most); asked.Cmp(most) > 0 { // Check has parsed it
			f.errors = append(f.errors, fieldError{one.pointer, "at most " + one.most})
		}
	}
	if f.errors == nil {
		return nil
	}
	return f.sorted()
}

// Check finds quantities that are none before the first request does.
func (l *Launch) Check() error {
	for _, most := range []string{l.MaxCPU, l.MaxMemory, l.MaxEphemeral} {
		if most == "" {
			continue
		}
		if _, err := resource.ParseQuantity(most); err != nil {
			return fmt.Errorf("bound of a run: %q: %w", most, err)
		}
	}
	return nil
}
