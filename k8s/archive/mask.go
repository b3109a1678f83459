package archive

import (
	"bytes"
	"strings"
)

// Mask hides secrets in texts. The zero value hides nothing. It is safe for
// concurrent use.
type Mask struct{ secrets []string }

const (
	minSecret = 8       // bytes; what is shorter is taken for an ordinary word
	maxSecret = 8 << 10 // bytes; what is longer is no line of a log
	masked    = "***"   // stands for a secret
)

// NewMask returns a mask of values, each line of one for itself, exactly as it
// is. Lines shorter than 8 bytes cannot be told from ordinary text, and those of
// more than 8 KiB are not looked for.
func NewMask(values []string) Mask {
	var mask Mask
	for _, value := range values {
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.TrimSuffix(line, "\r"); len(line) >= minSecret && len(line) <= maxSecret {
				mask.secrets = append(mask.secrets, line)
			}
		}
	}
	return mask
}

// Mask returns the text with each secret in it replaced by three asterisks.
func (m Mask) Mask(text string) string {
	hidden, _ := m.cut([]byte(text), len(text))
	return hidden
}

// cut returns the first limit bytes of a text with the secrets that begin in them
// replaced, and how many bytes are left out. A secret is looked for in the whole
// text: the cut never goes through one.
func (m Mask) cut(text []byte, limit int) (hidden string, rest int) {
	var b strings.Builder
	i, end := 0, min(len(text), limit)
	for i < end {
		from, to := m.find(text[i:])
		if from < 0 || i+from >= end {
			b.Write(text[i:end])
			i = end
			break
		}
		b.Write(text[i : i+from])
		b.WriteString(masked)
		i += to
	}
	return b.String(), len(text) - i
}

// find returns where the first secret begins, and where it ends with all that
// overlap it: no half of another is left. from is -1 where there is none.
func (m Mask) find(text []byte) (from, to int) {
	from = -1
	for _, secret := range m.secrets {
		i := bytes.Index(text, []byte(secret))
		if i >= 0 && (from < 0 || i < from || i == from && i+len(secret) > to) {
			from, to = i, i+len(secret)
		}
	}
	if from < 0 {
		return from, 0
	}
	for grown := true; grown; {
		grown = false
		for _, secret := range m.secrets {
			// One that begins before to and ends behind it.
			begin := max(to-len(secret)+1, from)
			reach := min(to-1+len(secret), len(text))
			if i := bytes.LastIndex(text[begin:reach], []byte(secret)); i >= 0 {
				to, grown = begin+i+len(secret), true
			}
		}
	}
	return from, to
}
