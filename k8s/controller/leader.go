package controller

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Lease names the Lease that chooses who works.
type Lease struct {
	Namespace, Name string
	Identity        string // of this program, of no other
	// Duration is how long a leader that says nothing stays one; 0 is 15 s.
	Duration time.Duration
}

// Lead calls work whenever this program is the leader, until ctx is done. The
// context of work ends when it is the leader no longer, and Lead waits for work
// to return before it applies again; an error of work ends Lead. A leader that
// ends gives the Lease up at once.
func Lead(ctx context.Context, client kubernetes.Interface, lease Lease, work func(context.Context) error) error {
	if lease.Duration <= 0 {
		lease.Duration = 15 * time.Second
	}
	for ctx.Err() == nil {
		if err := term(ctx, client, lease, work); err != nil {
			return err
		}
		if !sleep(ctx, lease.Duration/10) {
			break
		}
	}
	return nil
}

// term is one application and what comes of it.
func term(ctx context.Context, client kubernetes.Interface, lease Lease, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	var began atomic.Bool // work was begun, or never will be
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: lease.Name,
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: lease.Namespace, Name: lease.Name},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: lease.Identity},
		},
		LeaseDuration: lease.Duration, RenewDeadline: lease.Duration * 2 / 3, RetryPeriod: lease.Duration / 7,
		// The Lease is given up only after work has ended, below.
		ReleaseOnCancel: false,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				if began.CompareAndSwap(false, true) {
					done <- work(leading)
				}
				cancel() // also when it ended by itself
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("leader election: %w", err)
	}
	elector.Run(ctx)
	if began.CompareAndSwap(false, true) {
		return nil // never chosen, or too late
	}
	err = <-done
	release(context.WithoutCancel(ctx), client, lease)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// release lets another lead at once. It is a courtesy: without it the Lease runs
// out.
func release(ctx context.Context, client kubernetes.Interface, lease Lease) {
	ctx, cancel := context.WithTimeout(ctx, lease.Duration/3)
	defer cancel()
	leases := client.CoordinationV1().Leases(lease.Namespace)
	held, err := leases.Get(ctx, lease.Name, metav1.GetOptions{})
	if err != nil || held.Spec.HolderIdentity == nil || *held.Spec.HolderIdentity != lease.Identity {
		return
	}
	held.Spec.HolderIdentity = new("")
	held.Spec.LeaseDurationSeconds = new(int32(1))
	_, _ = leases.Update(ctx, held, metav1.UpdateOptions{})
}
