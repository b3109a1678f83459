package api

import (
	"math"
	"slices"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
)

// part is the log of one command of one attempt.
type part struct {
	attempt int // from 1
	command int // from 0
	stream  archive.Stream
}

// before says that the part comes before another in the log of the run.
func (p part) before(other part) bool {
	return p.attempt < other.attempt || p.attempt == other.attempt && p.command < other.command
}

// filter says which parts of the log of a run are asked for.
type filter struct {
	attempt int // 0 for all
	command int // -1 for all
}

func (f filter) takes(one part) bool {
	return (f.attempt == 0 || f.attempt == one.attempt) && (f.command < 0 || f.command == one.command)
}

// filterOf reads what is asked for. A run that goes on may have more attempts than it has now.
func filterOf(c echo.Context, run runs.Run) (filter, error) {
	attempt, err := integer(c, "attempt", 0, 1, math.MaxInt32)
	if err != nil {
		return filter{}, err
	}
	command, err := integer(c, "command", -1, 0, math.MaxInt32)
	if err != nil {
		return filter{}, err
	}
	switch commands := len(run.Status.Commands); {
	case int(command) >= commands && commands > 0:
		return filter{}, fail(codeNotFound, "the run has no command %d", command)
	case int(attempt) > run.Status.Attempts && run.Archived:
		return filter{}, fail(codeNotFound, "the run has no attempt %d", attempt)
	}
	return filter{int(attempt), int(command)}, nil
}

// partsOf is the log of a run: the attempts in their order, the commands of each in theirs.
func partsOf(run runs.Run, wanted filter) []part {
	var parts []part
	add := func(one part) {
		if wanted.takes(one) {
			parts = append(parts, one)
		}
	}
	number := run.Status.First()
	for _, attempt := range run.Status.Earlier {
		for i, container := range attempt.Containers {
			if known := slices.Index(run.Commands, container); known >= 0 {
				i = known
			}
			add(part{number, i, streamOf(run, process.Stream{Pod: attempt.Pod, Container: container})})
		}
		number++
	}
	for i, stream := range streamsOf(run) {
		add(part{number, i, stream})
	}
	return parts
}

// streamsOf are the logs of the last attempt of a run, in the order of its commands.
func streamsOf(run runs.Run) []archive.Stream {
	var streams []archive.Stream
	for _, command := range run.Status.Commands {
		if command.Pod != "" && command.State != process.CommandSkipped {
			streams = append(streams, streamOf(run, command.Stream))
		}
	}
	return streams
}

func streamOf(run runs.Run, stream process.Stream) archive.Stream {
	return archive.Stream{
		Run: archive.Run{Domain: run.Namespace, Project: run.Project, Process: run.Process, Version: run.Version},
		Pod: stream.Pod, Container: stream.Container,
	}
}
