package image_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"kernelindexer/k8s/image"
)

// TestSpoolIsTheUpload: however an upload comes in pieces, what is on disk is all of it in order.
func TestSpoolIsTheUpload(t *testing.T) {
	defer goleak.VerifyNone(t)
	long := make([]byte, 7<<20+123) // several times all buffers
	check1(rand.NewChaCha8([32]byte{1}).Read(long))
	for name, c := range map[string]struct {
		from io.Reader
		want []byte
	}{
		"at once":               {bytes.NewReader(long), long},
		"in halves":             {iotest.HalfReader(bytes.NewReader(long)), long},
		"byte by byte":          {iotest.OneByteReader(bytes.NewReader(long[:3<<20])), long[:3<<20]},
		"the end with the data": {iotest.DataErrReader(bytes.NewReader(long)), long},
		"a whole buffer":        {bytes.NewReader(long[:1<<20]), long[:1<<20]},
		"in parts of 4 KiB":     {chunks{bytes.NewReader(long), 4096}, long},
		"gzip":                  {chunks{bytes.NewReader(gz(long)), 5000}, long},
		"zstd":                  {chunks{bytes.NewReader(zst(long)), 5000}, long},
		"nothing":               {bytes.NewReader(nil), []byte{}},
	} {
		spooled, err := image.Spool(t.Context(), c.from, t.TempDir(), image.Limits{}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := io.ReadAll(io.NewSectionReader(spooled, 0, 1<<30))
		check(err)
		if !bytes.Equal(got, c.want) || spooled.Size != int64(len(c.want)) {
			t.Errorf("%s: %d bytes of %d, or others", name, len(got), len(c.want))
		}
		check(spooled.Close())
	}
}

// chunks reads a few bytes at a time.
type chunks struct {
	io.Reader
	most int
}

func (c chunks) Read(p []byte) (int, error) { return c.Reader.Read(p[:min(len(p), c.most)]) }

// TestSpoolLeavesNothingBehind: whichever side fails, the other one ends, and the source is not read any more.
func TestSpoolLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	broken := errors.New("broken")
	canceled, cancel := context.WithCancel(t.Context())
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		from io.Reader
		want error
	}{
		"the source breaks":              {t.Context(), io.MultiReader(bytes.NewReader(make([]byte, 5<<20)), iotest.ErrReader(broken)), broken},
		"the source is cut":              {t.Context(), io.MultiReader(bytes.NewReader(make([]byte, 3<<20)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"damage in front of much more":   {t.Context(), io.MultiReader(bytes.NewReader(gz(make([]byte, 9))[:15]), endless{nil}), nil},
		"the context ends in the middle": {canceled, endless{cancel}, context.Canceled},
		"the context has ended":          {ended, endless{nil}, context.Canceled},
	} {
		from := &watched{Reader: c.from}
		_, err := image.Spool(c.ctx, from, t.TempDir(), image.Limits{Archive: 64 << 20}, nil)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == nil && codeOf(err) != string(image.NotAnImage) {
			t.Errorf("%s: %v", name, err)
		}
		from.over = true // the race detector sees a read that comes later
	}
}

// TestSpoolStopsAtTheLimit: reading ahead does not read on.
func TestSpoolStopsAtTheLimit(t *testing.T) {
	defer goleak.VerifyNone(t)
	from := &watched{Reader: endless{nil}}
	_, err := image.Spool(t.Context(), from, t.TempDir(), image.Limits{Archive: 20 << 20}, nil)
	if codeOf(err) != string(image.TooLarge) || from.bytes > 21<<20 {
		t.Errorf("%v after %d bytes", err, from.bytes)
	}
}

// endless never ends. Each read calls what it has.
type endless struct{ then func() }

func (e endless) Read(p []byte) (int, error) {
	if e.then != nil {
		e.then()
	}
	clear(p)
	return len(p), nil
}

// watched counts, and is not read when it is over.
type watched struct {
	io.Reader
	bytes int
	over  bool
}

func (w *watched) Read(p []byte) (int, error) {
	if w.over {
		panic("read after the end")
	}
	n, err := w.Reader.Read(p)
	w.bytes += n
	return n, err
}
