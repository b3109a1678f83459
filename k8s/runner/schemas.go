package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/renameio/v2"
)

// SchemasFile is where the backend looks for the schemas in an image.
const SchemasFile = "/app/process_schemas.json"

// maxReport bounds what the Python may report of its process types, in bytes.
const maxReport = 32 << 20

// TypeError is why one process type has no schema that can be used.
type TypeError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Trace   string `json:"trace"` // Python's traceback; "" where the message says it all
}

// Error implements error.
func (e *TypeError) Error() string { return fmt.Sprintf("process type %q: %s", e.Type, e.Message) }

// Check is who knows which schemas the backend takes. It gets the whole file, and its error names the process types that
// are wrong.
type Check func(file []byte) error

// Schemas returns what [SchemasFile] is to hold: {"<type>": {"schema": …}} for all process types of the group, indented
// by two. If one of them fails, or check does, there is no file: the error has a [*TypeError] for each that failed, in
// the order of their names. It is also an error if there is no process type at all, which is what a forgotten
// installation looks like.
func (p *Python) Schemas(check Check) ([]byte, error) {
	cmd, err := p.command("schemas", p.group())
	if err != nil {
		return nil, err
	}
	out := &limitedBuffer{limit: maxReport}
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		return nil, startError("python", err)
	}
	if err := ended(cmd.Wait()); err != nil {
		return nil, fmt.Errorf("looking for process types: %w", err)
	}
	var report struct {
		Text     string       `json:"text"`
		Failures []*TypeError `json:"failures"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("python ended before it had looked at all process types: %w", err)
	}
	var failures []error
	for _, failure := range report.Failures {
		failures = append(failures, failure)
	}
	file := []byte(report.Text + "\n")
	if strings.TrimSpace(report.Text) == "{}" && failures == nil {
		return nil, fmt.Errorf("no package registers a process type in the group %s", p.group())
	}
	if check != nil {
		if err := check(file); err != nil {
			failures = append(failures, err)
		}
	}
	if failures != nil {
		return nil, errors.Join(failures...)
	}
	return file, nil
}

// WriteSchemas publishes the file of schemas whole or not at all, readable for everyone.
func WriteSchemas(path string, file []byte) error {
	if err := renameio.WriteFile(path, file, 0o644, renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// limitedBuffer refuses what is more than its limit.
type limitedBuffer struct {
	bytes.Buffer
	limit int
}

// Write implements io.Writer.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, fmt.Errorf("%w: more than %d bytes", os.ErrInvalid, b.limit)
	}
	return b.Buffer.Write(p)
}
