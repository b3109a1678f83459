package api

import (
	"time"

	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// processView is a process as it is answered, with the names that existing clients know.
type processView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name,omitzero"`
	Project  string        `json:"project"`
	Domain   string        `json:"domainId"`
	Versions []versionView `json:"versions"`
	Warnings []string      `json:"warnings,omitzero"`
}

// versionView is one version of it.
type versionView struct {
	Version     int                     `json:"version"`
	State       process.State           `json:"state"`
	Phase       process.Phase           `json:"phase,omitzero"`
	Type        string                  `json:"type,omitzero"`
	Parameters  raw                     `json:"parameters,omitzero"`
	Commands    []commandInput          `json:"commands,omitzero"`
	Outputs     raw                     `json:"outputs"`
	Environment pinnedView              `json:"environment"`
	Resources   resources               `json:"resource_requests,omitzero"`
	Deadline    int64                   `json:"deadline_seconds,omitzero"`
	CreatedBy   string                  `json:"createdBy,omitzero"`
	CreatedAt   *time.Time              `json:"createdAt"`
	StartedAt   *time.Time              `json:"startedAt"`
	FinishedAt  *time.Time              `json:"finishedAt"`
	ReturnCode  *int32                  `json:"returncode"`
	Failure     *failureView            `json:"failure"`
	Stages      []process.CommandStatus `json:"stages"`
	Attempts    int                     `json:"attempts"`
	Disrupted   int                     `json:"disrupted,omitzero"`
	Warnings    []string                `json:"warnings,omitzero"`
}

// pinnedView is the environment that a run has pinned.
type pinnedView struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	Image    string `json:"image"`
}

// failureView is why a run failed, under the names of the taxonomy.
type failureView struct {
	Code      process.Code    `json:"code"`
	Sub       string          `json:"sub,omitzero"`
	Message   string          `json:"message"`
	Hint      string          `json:"hint,omitzero"`
	Retriable bool            `json:"retriable"`
	Where     *process.Stream `json:"where,omitzero"`
	ExitCode  *int32          `json:"exitCode,omitzero"`
	Signal    int32           `json:"signal,omitzero"`
	Evidence  []string        `json:"evidence"`
	FirstSeen time.Time       `json:"firstSeen"`
}

func viewProcess(versions []runs.Run, warnings []string) processView {
	last := versions[len(versions)-1]
	view := processView{ID: last.Process, Name: last.Name, Project: last.Project, Domain: last.Namespace, Warnings: warnings}
	for _, run := range versions {
		view.Versions = append(view.Versions, viewVersion(run))
	}
	return view
}

func viewVersion(run runs.Run) versionView {
	asked := requestOf(run)
	view := versionView{
		Version: run.Version, State: run.Status.State, Phase: run.Status.Phase, Type: run.Type, Commands: asked.Commands,
		Environment: pinnedView{ID: run.Environment, Revision: run.Revision, Image: run.Image},
		Resources:   asked.Resources, Deadline: asked.Deadline, CreatedBy: run.CreatedBy,
		CreatedAt: run.Status.CreatedAt, StartedAt: run.Status.StartedAt, FinishedAt: run.Status.FinishedAt, ReturnCode: run.Status.ReturnCode,
		Failure: viewFailure(run.Status.Failure), Stages: run.Status.Commands, Attempts: run.Status.Attempts, Disrupted: run.Status.Disrupted, Warnings: run.Status.Warnings,
		Outputs: raw("null"),
	}
	if view.CreatedAt == nil && !run.CreatedAt.IsZero() {
		view.CreatedAt = &run.CreatedAt
	}
	if parameters := raw(run.Parameters); parameters.IsValid() {
		view.Parameters = parameters
	}
	if outputs := raw(run.Outputs); outputs.IsValid() {
		view.Outputs = outputs
	}
	return view
}

func viewFailure(f *process.Failure) *failureView {
	if f == nil {
		return nil
	}
	view := failureView(*f)
	return &view
}

// failedCommand says whether a run ended because a command of it ended with a code, which is the work's own affair.
func failedCommand(run runs.Run) bool {
	return run.Status.Failure != nil && run.Status.Failure.Code == process.AppError
}
