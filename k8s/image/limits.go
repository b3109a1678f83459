package image

import (
	"context"
	"io"
)

// Limits bound what looking at an image may cost. A value of zero or less stands for the default.
type Limits struct {
	Archive  int64 // bytes of the archive, compressed and decompressed alike; 20 GiB
	Unpacked int64 // bytes of all layers unpacked, holes of sparse files included; 60 GiB
	Entries  int   // entries of all layers and of the archive; 2,000,000
	Layers   int   // layers; 500
	Document int64 // bytes of a manifest, an index or a configuration; 4 MiB
	File     int64 // bytes of one kept file: a longer one is there, but cannot be read; 64 MiB
	Kept     int64 // bytes of all kept files, on disk; 2 GiB
	Tree     int64 // bytes of memory for names, directories and links; 256 MiB, and at most 16 MiB for the archive's own
}

// withDefaults returns l with the defaults filled in.
func (l Limits) withDefaults() Limits {
	fill := func(v *int64, fallback int64) {
		if *v <= 0 {
			*v = fallback
		}
	}
	fill(&l.Archive, 20<<30)
	fill(&l.Unpacked, 60<<30)
	fill(&l.Document, 4<<20)
	fill(&l.File, 64<<20)
	fill(&l.Kept, 2<<30)
	fill(&l.Tree, 256<<20)
	if l.Entries <= 0 {
		l.Entries = 2_000_000
	}
	if l.Layers <= 0 {
		l.Layers = 500
	}
	return l
}

// tooLong refuses an image by its bytes as they are stored.
func tooLong(l Limits) *Error { return refuse(TooLarge, "the image has more than %d bytes", l.Archive) }

// meter reads from r until the budget is spent, the context is done, or r ends. One budget may be shared by several
// meters, one after the other.
type meter struct {
	ctx    context.Context
	r      io.Reader
	budget *int64
	err    *Error // what to say when it is spent
}

// Read fails with the meter's error once more than the budget has come.
func (m *meter) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(p)
	if *m.budget -= int64(n); *m.budget < 0 {
		return 0, m.err
	}
	return n, err
}
