package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
)

// facts are what the archive holds of a run that goes on. How its containers ended is only of interest where the pods do
// not say it any more.
func (r *Runs) facts(ctx context.Context, job *batchv1.Job, pods []*corev1.Pod) (process.Facts, error) {
	record := process.RecordOf(job)
	facts := process.Facts{Record: record}
	key := archive.Run{Domain: record.Namespace, Project: record.Project, Process: record.Process, Version: record.Version}
	if len(pods) > 0 || !over(job) {
		return facts, nil
	}
	streams, err := r.Archive.Streams(ctx, key)
	if err != nil {
		return facts, err
	}
	facts.Streams = map[process.Stream]process.StreamFact{}
	for _, stream := range streams {
		end, err := r.end(ctx, stream)
		if err != nil {
			return facts, err
		}
		facts.Streams[process.Stream{Pod: stream.Pod, Container: stream.Container}] = process.StreamFact{Complete: end != nil, End: end}
	}
	return facts, nil
}

// end is how the container of a log ended; nil if that is not known.
func (r *Runs) end(ctx context.Context, stream archive.Stream) (*process.End, error) {
	end, err := r.Archive.LogEnd(ctx, stream)
	if errors.Is(err, archive.ErrNotFound) || err == nil && (end == nil || len(end.Document) == 0) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var how *process.End
	if err := json.Unmarshal(end.Document, &how); err != nil {
		return nil, fmt.Errorf("the end of the log of %s: %w", stream.Container, err)
	}
	return how, nil
}

// opened is the record of a run that has begun and not been closed; nil if there is none.
func (r *Runs) opened(ctx context.Context, domain, job string) (*process.Record, error) {
	data, err := r.Archive.GetOpen(ctx, archive.Opened{Domain: domain, Job: job})
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var document struct {
		Record *process.Record `json:"run"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("record of job %s/%s: %w", domain, job, err)
	}
	return document.Record, nil
}

// outputs are what the last command of an archived run reported, "" if that cannot be had.
func (r *Runs) outputs(ctx context.Context, run Run) string {
	if len(run.Status.Commands) == 0 {
		return ""
	}
	last := run.Status.Commands[len(run.Status.Commands)-1]
	key := archive.Run{Domain: run.Namespace, Project: run.Project, Process: run.Process, Version: run.Version}
	end, err := r.end(ctx, archive.Stream{Run: key, Pod: last.Pod, Container: last.Container})
	if err != nil || end == nil {
		return "" // the outputs lie where the run put them; this is their list
	}
	return reported(end.Message)
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
