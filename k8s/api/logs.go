package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/runs"
)

// defaultLines is how many lines of a log a page has where the query does not say.
const defaultLines = 1000

// lineView is one line of a log.
type lineView struct {
	Timestamp *time.Time   `json:"timestamp"` // null where it is not known
	Message   string       `json:"message"`
	Attempt   int          `json:"attempt"`   // that printed it, from 1
	Command   int          `json:"command"`   // of the attempt, from 0
	Container string       `json:"container"` // the same by name
	Truncated int64        `json:"truncated,omitzero"`
	Note      archive.Note `json:"note,omitzero"` // what the archive says, not the command
}

func viewLine(line archive.Line, of part) lineView {
	view := lineView{
		Message: messageOf(line), Attempt: of.attempt, Command: of.command, Container: of.stream.Container,
		Truncated: line.Cut, Note: line.Note,
	}
	if !line.Time.IsZero() {
		view.Timestamp = new(line.Time.UTC())
	}
	return view
}

// messageOf is the text of a line, or what stands for lines that are not there.
func messageOf(line archive.Line) string {
	switch line.Note {
	case archive.NoteDropped:
		return fmt.Sprintf("[%d lines were dropped: the log was too long]", line.Gone)
	case archive.NoteGap:
		return "[lines may be missing here]"
	}
	return line.Text
}

// expired says that a log is not kept any more: its command has begun, all that there was of it is archived, and nothing is
// there.
func expired(run runs.Run, stream archive.Stream, extent archive.Extent) bool {
	if !run.Archived || extent != (archive.Extent{}) {
		return false
	}
	for _, attempt := range run.Status.Earlier {
		if attempt.Pod == stream.Pod {
			return true // it has begun, or it would not be there
		}
	}
	for _, command := range run.Status.Commands {
		if command.Pod == stream.Pod && command.Container == stream.Container {
			// Kubernetes writes the first second of 1970 for a container that could not be started.
			return command.StartedAt != nil && command.StartedAt.Unix() > 0
		}
	}
	return false
}

// kept is an error when nothing of what was asked for is kept any more: an empty log would look like one of a run that
// printed nothing.
func (s *server) kept(ctx context.Context, run runs.Run, wanted filter) error {
	if first := run.Status.First(); wanted.attempt > 0 && wanted.attempt < first {
		return fail(codeLogsExpired, "the logs of the attempts before %d are not kept with the run", first)
	}
	var err error
	for _, part := range partsOf(run, wanted) {
		extent, failed := s.options.Logs.Extent(ctx, part.stream)
		switch {
		case failed != nil:
			return failed
		case extent != archive.Extent{}:
			return nil
		case expired(run, part.stream, extent):
			err = fail(codeLogsExpired, "the logs of the run are not kept any more")
		}
	}
	return err
}

// section is the part that one command of one attempt has in the log of a run.
type section struct {
	part
	first int64 // number of its first line in the log of the run
	total int64
}

// sections are the logs of the commands one after the other, attempt by attempt. One follows when the one before it is
// complete: the lines of a run never change their numbers.
func (s *server) sections(ctx context.Context, run runs.Run, wanted filter) ([]section, int64, error) {
	var found []section
	var next int64
	for _, part := range partsOf(run, wanted) {
		extent, err := s.options.Logs.Extent(ctx, part.stream)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, section{part, next, extent.Total})
		next += extent.Total
		if !extent.Done && !run.Archived {
			break
		}
	}
	return found, next, nil
}

// logs answers a part of what a run has printed, or follows it.
func (s *server) logs(c echo.Context) error {
	run, p, err := s.version(c, access.Logs)
	if err != nil {
		return err
	}
	wanted, err := filterOf(c, run)
	if err != nil {
		return err
	}
	offset, err := integer(c, "offset", 0, math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	if run.Archived {
		if err := s.kept(c.Request().Context(), run, wanted); err != nil {
			return err
		}
	}
	if strings.Contains(c.Request().Header.Get(echo.HeaderAccept), typeStream) {
		return s.follow(c, p, run, wanted, offset)
	}
	limit, err := integer(c, "limit", defaultLines, 1, archive.MaxPage)
	if err != nil {
		return err
	}
	return s.logPage(c, run, wanted, offset, int(limit))
}

// integer reads a number of the query.
func integer(c echo.Context, name string, value, least, most int64) (int64, error) {
	text := c.QueryParam(name)
	if text == "" {
		return value, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fail(codeBadRequest, "query %s: not a number from %d to %d", name, least, most)
	}
	return n, nil
}

// logPage answers lines from offset on; a negative one counts from the end. It ends with fewer than limit lines when they
// are as many bytes as one page of the archive, or a little more.
func (s *server) logPage(c echo.Context, run runs.Run, wanted filter, offset int64, limit int) error {
	ctx := c.Request().Context()
	sections, total, err := s.sections(ctx, run, wanted)
	if err != nil {
		return err
	}
	if offset < 0 {
		offset = max(total+offset, 0)
	}
	lines, next, room := []lineView{}, min(offset, total), archive.MaxPageBytes
	for _, section := range sections {
		for len(lines) < limit && room > 0 && next < section.first+section.total {
			page, err := s.options.Logs.Lines(ctx, section.stream, next-section.first, limit-len(lines))
			if err != nil {
				return err
			}
			if len(page.Lines) == 0 { // dropped between two looks
				next = section.first + section.total
			}
			for _, line := range page.Lines {
				lines = append(lines, viewLine(line, section.part))
				next = section.first + line.After()
				if room -= len(line.Text); room <= 0 {
					break
				}
			}
		}
	}
	h := c.Response().Header()
	h.Set("X-Total-Count", strconv.FormatInt(total, 10))
	h.Set("X-Next-Offset", strconv.FormatInt(next, 10))
	return writeJSON(c, http.StatusOK, lines)
}
