package runs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/record"
)

// live looks at a run by its Job.
func (r *Runs) live(ctx context.Context, job *batchv1.Job) (Run, error) {
	pods, err := r.Cluster.Pods(ctx, job.Namespace, labels.Set{batchv1.JobNameLabel: job.Name})
	if err != nil {
		return Run{}, err
	}
	return r.whole(ctx, job, pods)
}

// whole is live with the pods at hand. All attempts of which a line is archived are in the record of the run, those
// whose pods are gone among them. It is read after the pods are: an attempt cannot slip through.
func (r *Runs) whole(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) (Run, error) {
	open, err := r.records().Open(ctx, archive.Opened{Domain: job.Namespace, Job: job.Name})
	switch {
	case record.Damaged(err):
		r.passOver(err) // the loop writes it anew
	case err != nil:
		return Run{}, err
	case open.Record == nil: // not begun, or closed since the archive was asked
		run, err := r.archived(ctx, record.Run(process.RecordOf(job)))
		if !errors.Is(err, ErrNotFound) {
			return run, err
		}
	default:
		return r.look(ctx, job, pods, open.Record.Attempts)
	}
	return r.look(ctx, job, pods, nil)
}

// look is a run by its Job, its pods and the attempts that are noted.
func (r *Runs) look(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod, attempts []process.Attempt) (Run, error) {
	facts, err := r.facts(ctx, job, pods)
	if err != nil {
		return Run{}, err
	}
	facts.Record.Attempts = attempts
	events, err := r.events(ctx, job, pods)
	if err != nil {
		return Run{}, err
	}
	verdict := process.Observe(process.Observation{Job: job, Pods: pods, Events: events, Facts: facts, Now: r.now(), Limits: r.Limits})
	facts.Record.Attempts = nil
	return Run{Record: *facts.Record, Status: unarchived(verdict.Status)}, nil
}

// unarchived is the status of a run whose outcome is not in the archive yet: it has not ended, whatever its Job says. Its
// logs are still collected, so that who saw it ended and read them now would miss lines; and a run that its node refused
// is made once more.
func unarchived(status process.Status) process.Status {
	if !status.State.Final() {
		return status
	}
	status.State, status.Phase = process.Running, process.PhaseFinishing
	if status.StartedAt == nil && !slices.ContainsFunc(status.Commands, hasRun) {
		status.State = process.Queued
	}
	status.Failure, status.ReturnCode, status.FinishedAt, status.Warnings = nil, nil, nil, nil
	return status
}

// hasRun says that a command has begun, also of one of which only a log is left.
func hasRun(command process.CommandStatus) bool {
	return command.State != process.CommandWaiting && command.State != process.CommandSkipped
}

// events are those that explain why a run does not start. Once a container has started nothing is explained by them.
func (r *Runs) events(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) ([]*corev1.Event, error) {
	if job.Status.Ready != nil && *job.Status.Ready > 0 || job.Status.CompletionTime != nil {
		return nil, nil
	}
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
			return nil, nil
		}
	}
	all, err := r.Cluster.Events(ctx, job.Namespace, job.UID)
	for _, pod := range pods {
		if err != nil {
			break
		}
		var more []*corev1.Event
		more, err = r.Cluster.Events(ctx, pod.Namespace, pod.UID)
		all = append(all, more...)
	}
	return all, err
}

// vanished is a run whose Job is gone, or about to be made anew, and whose end has not been recorded: it is, soon, and
// until then nobody knows it.
func (r *Runs) vanished(ctx context.Context, open record.Open) (Run, error) {
	streams, err := r.records().Streams(ctx, record.Run(open.Record), nil)
	if err != nil {
		return Run{}, err
	}
	facts := process.Facts{Record: open.Record, Replacement: open.Replacement, Streams: streams}
	verdict := process.Observe(process.Observation{Facts: facts, Now: r.now(), Limits: r.Limits})
	open.Record.Attempts = nil
	return Run{Record: *open.Record, Status: unarchived(verdict.Status)}, nil
}

// facts are what the archive holds of a run that goes on. How its containers ended is only of interest where the pods do
// not say it any more.
func (r *Runs) facts(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) (process.Facts, error) {
	facts := process.Facts{Record: process.RecordOf(job)}
	if len(pods) > 0 || !process.Finished(job) {
		return facts, nil
	}
	var err error
	facts.Streams, err = r.records().Streams(ctx, record.Run(facts.Record), nil)
	return facts, err
}

// outputs are what the last command of an archived run reported, "" if that cannot be had.
func (r *Runs) outputs(ctx context.Context, run Run) string {
	if len(run.Status.Commands) == 0 {
		return ""
	}
	last := run.Status.Commands[len(run.Status.Commands)-1]
	fact, err := r.records().Stream(ctx, archive.Stream{Run: record.Run(&run.Record), Pod: last.Pod, Container: last.Container})
	if err != nil || fact.End == nil {
		return "" // the outputs lie where the run put them; this is their list
	}
	return reported(fact.End.Message)
}

// reported takes the outputs from a container's last words, where the runner wrote them.
func reported(message string) string {
	var said struct {
		Outputs json.RawMessage `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(message), &said); err != nil {
		return ""
	}
	return string(said.Outputs)
}
