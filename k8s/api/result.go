package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"kernelindexer/k8s/access"
	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/process"
	"kernelindexer/k8s/runs"
	"kernelindexer/serve"
)

// stepView is one step of a result; a run here has one.
type stepView struct {
	Name       string                  `json:"name"`
	ReturnCode *int32                  `json:"returncode"`
	Commands   []process.CommandStatus `json:"commands"`
}

// taskCounts are the commands of a result.
type taskCounts struct {
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
}

// result answers what flowServ's workers answer: the code of the command that ended the run, what each command printed (one
// text each, both streams together; those that printed nothing are left out), and where the run failed for another reason
// than a command's code, the reason as exception, the code 1 and a text in stderr. While the run is not over, the code is
// null. What flowServ does not have are warnings.
func (s *server) result(c echo.Context) error {
	run, p, err := s.version(c, access.Processes)
	if err != nil {
		return err
	}
	if err := s.require(c, access.Deed{Verb: access.Get, Resource: access.Logs, Domain: p.domain, Name: run.Process}); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, typeJSON)
	h.Set(echo.HeaderCacheControl, "no-store")
	if err := s.writeResult(c.Request().Context(), c.Response(), run); err != nil {
		if c.Response().Committed {
			serve.Cause(c.Response().Writer, err)
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		return err
	}
	return nil
}

// codeOf is the return code of a run, and its exception.
func codeOf(run runs.Run) (code *int32, exception *string, stderr []string) {
	stderr = []string{}
	switch {
	case !run.Status.State.Final():
		return nil, nil, stderr
	case run.Status.Failure == nil || failedCommand(run):
		return run.Status.ReturnCode, nil, stderr
	}
	code = run.Status.ReturnCode
	if code == nil || *code == 0 {
		code = new(int32(1))
	}
	text := string(run.Status.Failure.Code) + ": " + run.Status.Failure.Message
	return code, &text, []string{strings.Join(append([]string{text}, run.Status.Failure.Evidence...), "\n")}
}

// writeResult writes the document as it goes: what commands print may be long.
func (s *server) writeResult(ctx context.Context, w io.Writer, run runs.Run) error {
	code, exception, stderr := codeOf(run)
	step := stepView{Name: run.Process, ReturnCode: code, Commands: run.Status.Commands}
	counts := taskCounts{}
	for _, one := range run.Status.Commands {
		switch one.State {
		case process.CommandDone:
			counts.Completed++
		case process.CommandFailed:
			counts.Failed++
		case process.CommandWaiting, process.CommandRunning, process.CommandSkipped:
		}
	}
	warnings, err := s.missing(ctx, run)
	if err != nil {
		return err
	}
	// The first line of the first log is read before the first byte is written: an archive that cannot be read is an error.
	stdout := &texts{logs: s.options.Logs, run: run}
	if err := stdout.open(ctx); err != nil {
		return err
	}
	if err := write(w, `{"returncode":`, code, `,"stdout":[`); err != nil {
		return err
	}
	if err := stdout.write(ctx, w); err != nil {
		return err
	}
	return write(w, `],"stderr":`, stderr, `,"exception":`, exception, `,"state":`, run.Status.State,
		`,"steps":`, []stepView{step}, `,"tasks":`, counts, `,"warnings":`, warnings, "}\n")
}

// missing are the warnings of a result: those of the run, and what is not in it because it is not kept any more.
func (s *server) missing(ctx context.Context, run runs.Run) ([]string, error) {
	warnings := append([]string{}, run.Status.Warnings...)
	for i, stream := range streamsOf(run) {
		extent, err := s.options.Logs.Extent(ctx, stream)
		if err != nil {
			return nil, err
		}
		if expired(run, stream, extent) {
			warnings = append(warnings, fmt.Sprintf("%s: what command %d printed is not kept any more", codeLogsExpired, i))
		}
	}
	return warnings, nil
}

// write writes texts as they are, and other values as JSON.
func write(w io.Writer, parts ...any) error {
	for _, part := range parts {
		text, plain := part.(string)
		body := []byte(text)
		if !plain {
			var err error
			if body, err = json.Marshal(part, json.Deterministic(true)); err != nil {
				return err
			}
		}
		if _, err := w.Write(body); err != nil {
			return err
		}
	}
	return nil
}

// texts writes what each command of a run has printed, as the elements of a JSON array.
type texts struct {
	logs    Logs
	run     runs.Run
	first   archive.Page
	written bool
}

func (t *texts) streams() []archive.Stream { return streamsOf(t.run) }

func (t *texts) open(ctx context.Context) (err error) {
	if streams := t.streams(); len(streams) > 0 {
		t.first, err = t.logs.Lines(ctx, streams[0], 0, archive.MaxPage)
	}
	return err
}

func (t *texts) write(ctx context.Context, w io.Writer) error {
	for i, stream := range t.streams() {
		page := t.first
		if i > 0 {
			var err error
			if page, err = t.logs.Lines(ctx, stream, 0, archive.MaxPage); err != nil {
				return err
			}
		}
		if err := t.text(ctx, w, stream, page); err != nil {
			return err
		}
	}
	return nil
}

// text writes one log as one JSON string, unless it is empty.
func (t *texts) text(ctx context.Context, w io.Writer, stream archive.Stream, page archive.Page) error {
	if len(page.Lines) == 0 {
		return nil
	}
	before := `"`
	if t.written {
		before = `,"`
	}
	t.written = true
	if err := write(w, before); err != nil {
		return err
	}
	for len(page.Lines) > 0 {
		for line := range slices.Values(page.Lines) {
			quoted, err := jsontext.AppendQuote(nil, messageOf(line)+"\n")
			if err != nil {
				return err
			}
			if _, err := w.Write(quoted[1 : len(quoted)-1]); err != nil {
				return err
			}
		}
		var err error
		if page, err = t.logs.Lines(ctx, stream, page.Next, archive.MaxPage); err != nil {
			return err
		}
	}
	return write(w, `"`)
}
