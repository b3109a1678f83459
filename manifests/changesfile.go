package manifests

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Encode returns the document, a run or a kernel that is gone a line:
//
//	{"runs":[
//	{"generation":"<32 hex digits>","previous_generation":"…","indexed_date":"2026-01-31T04:05:06Z","total_kernels":2,…},
//	{…}
//	],"gone":[
//	{"language":"R","kernel_name":"pecan","kernel_version":"1.9","last_seen":"2026-01-30T04:05:06Z","generation":"…"}
//	]}
//
// Of what is longer than [MaxChangesBytes] the oldest runs are left out. It
// fails with [ErrInvalid] where the document does not [Changes.Validate].
func (c *Changes) Encode() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	runs, err := linesOf(c.Runs)
	if err != nil {
		return nil, err
	}
	gone, err := linesOf(c.Gone)
	if err != nil {
		return nil, err
	}
	room := MaxChangesBytes - len(`{"runs":[],"gone":[]}`) - len("\n\n\n\n\n") - length(gone)
	for len(runs) > 1 && length(runs) > room {
		runs = runs[:len(runs)-1]
	}
	if length(runs) > room {
		return nil, invalid("%s is larger than %d bytes", ChangesName, MaxChangesBytes)
	}
	var out bytes.Buffer
	out.WriteString(`{"runs":[` + "\n")
	writeLines(&out, runs)
	out.WriteString(`],"gone":[` + "\n")
	writeLines(&out, gone)
	out.WriteString("]}\n")
	return out.Bytes(), nil
}

// linesOf returns each element as JSON.
func linesOf[T any](list []T) ([][]byte, error) {
	lines := make([][]byte, len(list))
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", ChangesName, err)
		}
		lines[i] = line
	}
	return lines, nil
}

// length is that of all lines with what separates them.
func length(lines [][]byte) int {
	n := 0
	for _, line := range lines {
		n += len(line) + len(",\n")
	}
	return n
}

func writeLines(out *bytes.Buffer, lines [][]byte) {
	for i, line := range lines {
		out.Write(line)
		if i+1 < len(lines) {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
}

// DecodeChanges reads an index_changes.json. It accepts unknown fields and any
// layout. Failures are [ErrInvalid].
func DecodeChanges(data []byte) (Changes, error) {
	if len(data) > MaxChangesBytes {
		return Changes{}, invalid("%s is larger than %d bytes", ChangesName, MaxChangesBytes)
	}
	var c Changes
	if err := decodeStrict(data, &c); err != nil {
		return Changes{}, err
	}
	if err := c.Validate(); err != nil {
		return Changes{}, err
	}
	return c, nil
}

// ReadChanges reads the index_changes.json at l, a regular file. Failures are
// [ErrInvalid], fs.ErrNotExist or another error of the file system.
func ReadChanges(l Location) (Changes, error) {
	data, err := readSmall(l.FS, l.Name, MaxChangesBytes)
	if err != nil {
		return Changes{}, err
	}
	c, err := DecodeChanges(data)
	if err != nil {
		return Changes{}, fmt.Errorf("%s: %w", l.Name, err)
	}
	return c, nil
}
