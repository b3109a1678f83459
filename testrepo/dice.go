package testrepo

import (
	"crypto/sha256"
	"math/rand/v2"
	"strings"
)

// dice is a stream of made-up numbers that depends on nothing but the words it
// was made from, so that neither the order of work nor the number of
// goroutines shows in what is written.
type dice struct {
	*rand.Rand
	src *rand.ChaCha8
}

func newDice(words ...string) dice {
	src := rand.NewChaCha8(sha256.Sum256([]byte(strings.Join(words, "\x00"))))
	return dice{Rand: rand.New(src), src: src}
}

// between returns a number from lo to hi, both included.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

const hexDigits = "0123456789abcdef"

// appendHex appends n hexadecimal digits. A benchmark repository consists of
// them for the most part, so they are drawn 16 at a time.
func (d dice) appendHex(b []byte, n int) []byte {
	for n > 0 {
		v := d.src.Uint64()
		for range min(n, 16) {
			b = append(b, hexDigits[v&15])
			v >>= 4
		}
		n -= 16
	}
	return b
}

func (d dice) hex(n int) string { return string(d.appendHex(nil, n)) }

// bytes returns n bytes.
func (d dice) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = d.src.Read(b) // Never fails.
	return b
}
