package controller_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

func TestLoopTellsWhatItHasDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, store := newSim(), memory(t)
		var mu sync.Mutex
		done, failed, copied := map[process.ActionKind]int{}, 0, 0
		cluster.secrets = func() ([]string, error) {
			mu.Lock()
			defer mu.Unlock()
			if failed == 0 {
				return nil, errors.New("busy")
			}
			return nil, nil
		}
		options := controller.Options{
			Done: func(_ controller.Key, action process.Action, err error) {
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failed++
					return
				}
				if action.Kind == process.ActArchive && action.Outcome.Status.State != process.Done {
					t.Errorf("archived %+v", action.Outcome)
				}
				done[action.Kind]++
			},
			Copied: func(piece []byte) {
				mu.Lock()
				defer mu.Unlock()
				copied += bytes.Count(piece, []byte("\n"))
			},
		}
		if err := works(t, cluster, store, options, time.Hour, "done"); err != nil {
			t.Fatal(err)
		}
		cluster.live.Wait()
		want := map[process.ActionKind]int{
			process.ActBegin: 1, process.ActNote: 1, process.ActFollow: 1, process.ActArchive: 1, process.ActArmTTL: 1, process.ActClose: 1,
		}
		if diff := cmp.Diff(want, done); diff != "" || failed != 1 || copied < 60 {
			t.Errorf("failed %d times, copied %d lines, -want +got:\n%s", failed, copied, diff)
		}
	})
}
