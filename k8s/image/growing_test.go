package image_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"kernelindexer/k8s/image"
)

// TestFollowerSeesAnUploadAsItArrives: every byte of it, unpacked, in order, to its end.
func TestFollowerSeesAnUploadAsItArrives(t *testing.T) {
	want := bytes.Repeat([]byte("what arrives "), 700_000) // several buffers
	for name, upload := range map[string][]byte{"plain": want, "packed": gz(want)} {
		got := make(chan []byte, 1)
		spooled, err := image.Spool(t.Context(), bytes.NewReader(upload), t.TempDir(), image.Limits{}, func(_ context.Context, r io.Reader) {
			all, err := io.ReadAll(r)
			if err != nil {
				t.Error(err)
			}
			got <- all
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := spooled.Followed(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all := <-got; !bytes.Equal(all, want) {
			t.Errorf("%s: the follower saw %d bytes, want %d", name, len(all), len(want))
		}
		if err := spooled.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFollowerEndsWithItsUpload: one that waits for more is let go when the upload fails, when it is closed, and when its
// context ends; one that has seen enough holds up nothing.
func TestFollowerEndsWithItsUpload(t *testing.T) {
	endless := func(ctx context.Context, r io.Reader) {
		_, _ = io.Copy(io.Discard, r)
		<-ctx.Done()
	}
	broken := io.MultiReader(bytes.NewReader([]byte("some of it")), iotest.ErrReader(errors.New("cut")))
	if _, err := image.Spool(t.Context(), broken, t.TempDir(), image.Limits{}, endless); err == nil {
		t.Error("a broken upload is taken")
	}
	spooled, err := image.Spool(t.Context(), bytes.NewReader([]byte("all of it")), t.TempDir(), image.Limits{}, endless)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := spooled.Followed(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ends with %v", err)
	}
	if err := spooled.Close(); err != nil {
		t.Error(err)
	}
	bored := func(context.Context, io.Reader) {}
	spooled, err = image.Spool(t.Context(), bytes.NewReader(bytes.Repeat([]byte("x"), 9<<20)), t.TempDir(), image.Limits{}, bored)
	if err != nil || spooled.Size != 9<<20 {
		t.Fatalf("%d bytes, %v", spooled.Size, err)
	}
	if err := spooled.Close(); err != nil {
		t.Error(err)
	}
}
