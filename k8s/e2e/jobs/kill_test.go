//go:build e2e

package jobs

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/archive"
	"kernelindexer/k8s/controller"
	"kernelindexer/k8s/process"
)

// killed stops a loop before or after its first action of a kind, as if its program had been killed there.
type killed struct {
	kind   process.ActionKind
	before bool
	done   atomic.Bool
}

var errKilled = errors.New("killed")

func (k *killed) Before(_ controller.Key, kind process.ActionKind) error { return k.at(kind, true) }

func (k *killed) After(_ controller.Key, kind process.ActionKind) error { return k.at(kind, false) }

func (k *killed) at(kind process.ActionKind, before bool) error {
	if kind == k.kind && before == k.before && k.done.CompareAndSwap(false, true) {
		return errKilled
	}
	return nil
}

// ended is what must be the same, whatever happened to the loop.
type ended struct {
	State      process.State
	Code       process.Code
	ReturnCode *int32
	Attempts   int
	Warnings   []string
	Commands   []command
}

type command struct {
	Container string
	State     process.CommandState
	ExitCode  *int32
	Log       []string
}

func (s *site) ended(t *testing.T, spec process.Spec) ended {
	t.Helper()
	status := s.outcome(t, spec).Status
	got := ended{State: status.State, ReturnCode: status.ReturnCode, Attempts: status.Attempts, Warnings: status.Warnings}
	if status.Failure != nil {
		got.Code = status.Failure.Code
	}
	for i, one := range status.Commands {
		got.Commands = append(got.Commands, command{one.Container, one.State, one.ExitCode, s.logOf(t, spec, status, i)})
	}
	return got
}

// TestLoopKilledAnywhereArchivesTheSame kills the loop at each of its steps and starts another, which knows nothing. The
// archive then holds what it holds when nobody was killed. T13.
func TestLoopKilledAnywhereArchivesTheSame(t *testing.T) {
	t.Parallel()
	limits := func(l *process.Limits) { l.ImagePull = 2 * time.Second }
	type scenario struct {
		name string
		spec func(s *site) process.Spec
		do   func(s *site, spec process.Spec)
		want ended
		at   []process.ActionKind
	}
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprint(i, " xxxxx"), "same")
	}
	scenarios := []scenario{
		{
			name: "work",
			spec: func(s *site) process.Spec {
				return s.commands(t, "work", []string{"spew", "40", "20", "5"}, []string{"exit", "3"}, []string{"print", "never"})
			},
			want: ended{
				State: process.Failed, Code: process.AppError, ReturnCode: new(int32(3)), Attempts: 1,
				Commands: []command{
					{"cmd-00", process.CommandDone, new(int32(0)), lines},
					{"cmd-01", process.CommandFailed, new(int32(3)), []string{"this is why: exit 3"}},
					{"cmd-02", process.CommandSkipped, nil, nil},
				},
			},
			at: []process.ActionKind{process.ActBegin, process.ActNote, process.ActFollow, process.ActArchive, process.ActArmTTL, process.ActClose},
		},
		{
			name: "stop",
			spec: func(s *site) process.Spec { return s.commands(t, "stop", []string{"sleep", "600"}) },
			do: func(s *site, spec process.Spec) {
				s.logging(t, spec, "asleep")
				s.cancel(t, spec)
			},
			want: ended{
				State: process.Canceled, Code: process.CancelRequested, Attempts: 1,
				Commands: []command{{"cmd-00", process.CommandFailed, new(int32(143)), []string{"asleep", "asked to end"}}},
			},
			at: []process.ActionKind{process.ActStop},
		},
		{
			name: "delete",
			spec: func(s *site) process.Spec {
				spec := s.commands(t, "delete", []string{"print", "never"})
				spec.Environment.Image = open.address + "/none/such@sha256:" + fmt.Sprintf("%064d", 0)
				return spec
			},
			want: ended{
				State: process.Failed, Code: process.ImagePull, Attempts: 1,
				Commands: []command{{"cmd-00", process.CommandWaiting, nil, nil}},
			},
			at: []process.ActionKind{process.ActDelete},
		},
	}
	for _, scenario := range scenarios {
		points := []*killed{{}} // nobody is killed
		for _, kind := range scenario.at {
			points = append(points, &killed{kind: kind, before: true}, &killed{kind: kind})
		}
		for _, point := range points {
			name := "undisturbed"
			if point.kind != "" {
				name = map[bool]string{true: "before-", false: "after-"}[point.before] + string(point.kind)
			}
			t.Run(scenario.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, "kill-"+scenario.name+"-"+name, siteOptions{limits: limits, idle: true})
				spec := scenario.spec(s)
				options := s.options
				options.Failpoint = point
				first, stop := s.startLoop(t, options)
				s.launch(t, spec)
				if scenario.do != nil {
					scenario.do(s, spec)
				}
				if point.kind != "" {
					if err := <-first; !errors.Is(err, errKilled) {
						t.Fatalf("the loop ended with %v", err)
					}
					time.Sleep(2 * time.Second) // in which things happen
					first, stop = s.startLoop(t, s.options)
				}
				got := s.ended(t, spec)
				if diff := cmp.Diff(scenario.want, got); diff != "" {
					t.Errorf("archive (-want +got):\n%s", diff)
				}
				eventually(t, patience, "closed run", func() (bool, string) {
					_, err := s.store.GetOpen(t.Context(), archive.Opened{Domain: s.namespace, Job: process.JobName(spec.Process, 0)})
					return errors.Is(err, archive.ErrNotFound), fmt.Sprint(err)
				})
				stop()
				if err := <-first; err != nil {
					t.Error(err)
				}
			})
		}
	}
}
