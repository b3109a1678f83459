package archive

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Run names one version of a process. The parts may be any text.
type Run struct {
	Domain, Project, Process string
	Version                  int
}

// Stream names the log of one container of a run.
type Stream struct {
	Run
	Pod, Container string
}

// The keys of the store. They are safe as names of files as they are. What is
// listed together is together: the outcomes of a project are found without
// going through its logs.
const (
	outcomesPrefix = "outcomes/" // domain/project/process/version.json
	logsPrefix     = "logs/"     // domain/project/process/version/pod/container/…
	openPrefix     = "open/"     // domain/job.json
	documentSuffix = ".json"
	endName        = "end.json"
	chunkSuffix    = ".ndjson"
)

// path is a run as a part of a key.
func (r Run) path() string {
	return segment(r.Domain) + "/" + segment(r.Project) + "/" + segment(r.Process) + fmt.Sprintf("/v%07d", r.Version)
}

// segments is a path of all parts up to the first that is "".
func segments(parts ...string) string {
	path := ""
	for _, part := range parts {
		if part == "" {
			break
		}
		path += segment(part) + "/"
	}
	return path
}

func (r Run) outcomeKey() string { return outcomesPrefix + r.path() + documentSuffix }

func (r Run) logsPrefix() string { return logsPrefix + r.path() + "/" }

func (s Stream) prefix() string {
	return s.logsPrefix() + segment(s.Pod) + "/" + segment(s.Container) + "/"
}

func (s Stream) endKey() string { return s.prefix() + endName }

// chunkKey holds the number of the chunk's first line: two writers that stand at
// the same line want the same key, and only one of them gets it.
func (s Stream) chunkKey(first int64) string {
	return s.prefix() + fmt.Sprintf("%015d", first) + chunkSuffix
}

// chunkOf is the number of a chunk's first line.
func chunkOf(key string) (first int64, ok bool) {
	name, ok := strings.CutSuffix(path.Base(key), chunkSuffix)
	if !ok {
		return 0, false
	}
	first, err := strconv.ParseInt(name, 10, 64)
	return first, err == nil && first >= 0
}

func openKey(domain, job string) string {
	return openPrefix + segment(domain) + "/" + segment(job) + documentSuffix
}

// maxSegment keeps a segment a file name, with room for a suffix.
const maxSegment = 200

// noText is the segment of "", which no other text becomes.
const noText = "="

// segment is text as one part of a key: letters, digits and dashes stay, other
// bytes are =XX. What gets too long is a hash, which no other text becomes.
func segment(text string) string {
	if text == "" {
		return noText
	}
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() > maxSegment {
		sum := sha256.Sum256([]byte(text))
		return "==" + strings.TrimRight(base32.StdEncoding.EncodeToString(sum[:]), "=")
	}
	return b.String()
}

// unsegment is the text of a part of a key, unless that is a hash.
func unsegment(part string) string {
	if part == noText {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		if c, err := strconv.ParseUint(part[min(i+1, len(part)):min(i+3, len(part))], 16, 8); part[i] == '=' && err == nil {
			b.WriteByte(byte(c))
			i += 2
		} else {
			b.WriteByte(part[i])
		}
	}
	return b.String()
}
