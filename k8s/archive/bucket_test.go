package archive

import (
	"context"
	"errors"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// silent is an object store that takes requests and never answers.
type silent struct{ driver.Bucket }

func (silent) Close() error { return nil }

func (silent) ErrorAs(error, any) bool { return false }

func (silent) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }

func (silent) Attributes(ctx context.Context, _ string) (*driver.Attributes, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) ListPaged(ctx context.Context, _ *driver.ListOptions) (*driver.ListPage, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) NewRangeReader(ctx context.Context, _ string, _, _ int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) NewTypedWriter(ctx context.Context, _, _ string, _ *driver.WriterOptions) (driver.Writer, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) Delete(ctx context.Context, _ string, _ *driver.DeleteOptions) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAStoreThatDoesNotAnswerHoldsUpNothing(t *testing.T) {
	store := &Store{objects: &bucket{objects: blob.NewBucket(silent{}), patience: 10 * time.Millisecond}, bounds: defaultBounds()}
	t.Cleanup(func() { _ = store.Close() })
	ctx, run := t.Context(), Run{Domain: "d"}
	for name, ask := range map[string]func() error{
		"get":    func() error { _, err := store.Outcome(ctx, run); return err },
		"head":   func() error { _, err := store.head(ctx, "x", 1); return err },
		"stat":   func() error { _, err := store.stat(ctx, "x"); return err },
		"create": func() error { _, _, err := store.PutOutcome(ctx, run, []byte("{}")); return err },
		"put":    func() error { return store.PutOpen(ctx, Opened{}, []byte("{}")) },
		"remove": func() error { return store.CloseOpen(ctx, Opened{}) },
		"list": func() (err error) {
			for _, err = range store.ListOpen(ctx) {
			}
			return err
		},
	} {
		if err := ask(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
