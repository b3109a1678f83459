package manifests

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/go-json-experiment/json"
)

// generationLen is the length of a generation: 128 bits in hex.
const generationLen = 32

// unknownGeneration stands in a collated file until its content is complete.
// It has the width of a generation but is refused as one, so that no reader
// takes a file that is being written in place.
var unknownGeneration = strings.Repeat("-", generationLen)

// generation is the digest of a collation's content without its dates and
// without the fingerprints, which change when a file is merely touched: the
// SHA-256 of the kernel lines less indexed_date and fingerprint, a newline after
// each, cut to 128 bits. Short of U+007F in a name, jq gives the same:
//
//	jq -c '.kernels[] | del(.indexed_date, .fingerprint)' collated_manifests.json | sha256sum | cut -c1-32
type generation struct {
	hash hash.Hash
	line bytes.Buffer
}

func newGeneration() *generation { return &generation{hash: sha256.New()} }

// add appends one kernel. Kernels count in the order they come in.
func (g *generation) add(e Entry) error {
	e.IndexedDate, e.Fingerprint = "", ""
	g.line.Reset()
	if err := json.MarshalWrite(&g.line, &e); err != nil {
		return fmt.Errorf("encode %s: %w", e.Key(), err)
	}
	g.line.WriteByte('\n')
	g.hash.Write(g.line.Bytes())
	return nil
}

// last returns the line of the kernel that was added last, without its newline,
// until the next one is added.
func (g *generation) last() []byte { return bytes.TrimSuffix(g.line.Bytes(), []byte("\n")) }

func (g *generation) String() string {
	return hex.EncodeToString(g.hash.Sum(nil))[:generationLen]
}

func checkGeneration(s string) error {
	if len(s) == generationLen && strings.Trim(s, "0123456789abcdef") == "" {
		return nil
	}
	return invalid("generation %q is not %d lower-case hex digits", s, generationLen)
}
