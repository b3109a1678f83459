package archive

import "strings"

// minPiece is the length below which a piece of a secret is taken for chance.
const minPiece = 4

// MaskPiece is [Mask.Mask] for a text that may have been cut out of a longer one,
// as the kubelet cuts the tail of a log: also the end of a secret with which the
// text begins and the beginning of one with which it ends are replaced.
func (m Mask) MaskPiece(text string) string {
	text = m.Mask(text)
	head, tail := 0, 0
	for _, secret := range m.secrets {
		for n := len(secret) - 1; n >= minPiece && n > head; n-- {
			if strings.HasPrefix(text, secret[len(secret)-n:]) {
				head = n
			}
		}
	}
	if head > 0 {
		text = masked + text[head:]
	}
	for _, secret := range m.secrets {
		for n := len(secret) - 1; n >= minPiece && n > tail; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				tail = n
			}
		}
	}
	if tail > 0 {
		text = text[:len(text)-tail] + masked
	}
	return text
}
