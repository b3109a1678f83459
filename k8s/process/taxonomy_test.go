package process_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"kernelindexer/k8s/process"
)

// The objects of this table are as a cluster of version 1.36 shows them.

func TestEveryFailureOfTheTaxonomy(t *testing.T) {
	type want struct {
		state     process.State
		code      process.Code
		sub       string
		action    process.ActionKind
		retriable bool
		exit      int32
		container string
	}
	tests := []struct {
		name string
		make func(*scene)
		want want
	}{
		{"policy refuses the pod, at once", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`, 0)
			s.now(59)
		}, want{state: process.Queued, action: process.ActWait}},
		{"policy refuses the pod, for a minute", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`, 0)
			s.now(60)
		}, want{state: process.Failed, code: process.AdmissionDenied, sub: "podsecurity", action: process.ActArchive}},
		{"limit range", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi`, 0)
			s.now(61)
		}, want{state: process.Failed, code: process.AdmissionDenied, sub: "limitrange", action: process.ActArchive}},
		{"webhook says no", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: admission webhook "a.b.c" denied the request: no`, 0)
			s.now(61)
		}, want{state: process.Failed, code: process.AdmissionDenied, sub: "webhook", action: process.ActArchive}},
		{"webhook does not answer: that passes", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: Internal error occurred: failed calling webhook "a.b.c": Post "https://x": connection refused`, 0)
			s.now(61)
		}, want{state: process.Queued, action: process.ActWait}},
		{"service account is missing", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: error looking up service account physics/runner: serviceaccount "runner" not found`, 0)
			s.now(61)
		}, want{state: process.Failed, code: process.AdmissionDenied, sub: "account", action: process.ActArchive}},
		{"quota is used up, for a while", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5`, 0)
			s.now(599)
		}, want{state: process.Queued, action: process.ActWait}},
		{"quota is used up, to the end", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5`, 0)
			s.now(600)
		}, want{state: process.Failed, code: process.QuotaExceeded, retriable: true, action: process.ActArchive}},
		{"quota was used up before the pod came", func(s *scene) {
			s.event(s.job, "FailedCreate", `Error creating: pods "x" is forbidden: exceeded quota: q`, 0)
			s.pod("a").scheduled(500)
			s.now(601)
		}, want{state: process.Queued, action: process.ActWait}},
		{"queue does not admit", func(s *scene) {
			s.job.Spec.Suspend = new(true)
			s.job.Labels["kueue.x-k8s.io/queue-name"] = "batch"
			s.now(600)
		}, want{state: process.Failed, code: process.NotAdmitted, retriable: true, action: process.ActArchive}},
		{"no node has room", func(s *scene) {
			s.pod("a").unscheduled("0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available.")
			s.now(601)
		}, want{state: process.Failed, code: process.Unschedulable, sub: "resources", retriable: true, action: process.ActArchive}},
		{"no node has room, yet", func(s *scene) {
			s.pod("a").unscheduled("0/1 nodes are available: 1 Insufficient memory.")
			s.now(300)
		}, want{state: process.Queued, action: process.ActWait}},
		{"no node fits the volume", func(s *scene) {
			s.pod("a").unscheduled("0/2 nodes are available: 2 node(s) had volume node affinity conflict.")
			s.now(601)
		}, want{state: process.Failed, code: process.Unschedulable, sub: "volume", retriable: true, action: process.ActArchive}},
		{"no node is of the kind", func(s *scene) {
			s.pod("a").unscheduled("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
			s.now(601)
		}, want{state: process.Failed, code: process.Unschedulable, sub: "affinity", retriable: true, action: process.ActArchive}},
		{"all nodes are tainted", func(s *scene) {
			s.pod("a").unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.")
			s.now(601)
		}, want{state: process.Failed, code: process.Unschedulable, sub: "taint", retriable: true, action: process.ActArchive}},
		{"no pod is made", func(s *scene) { s.now(601) }, want{
			state: process.Failed, code: process.Unschedulable, retriable: true, action: process.ActArchive,
		}},
		{"node refuses the pod", func(s *scene) {
			s.pod("a").scheduled(1).fails("OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.NodeRejected, retriable: true, action: process.ActReplace}},
		{"node refuses the pod, again", func(s *scene) {
			s.job.Annotations[process.AnnotationReplaced] = "uid-0"
			s.pod("a").scheduled(1).fails("UnexpectedAdmissionError", "Allocate failed")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.NodeRejected, retriable: true, action: process.ActArchive}},
		{"image is not there, within grace", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "ImagePullBackOff", `Back-off pulling image`)
			s.now(60)
		}, want{state: process.Queued, action: process.ActWait}},
		{"image is not there", func(s *scene) {
			pod := s.pod("a").scheduled(1).waits("process", "ErrImagePull", "rpc error: code = NotFound desc = failed to pull and unpack image \""+image+"\": failed to resolve reference \""+image+"\": "+image+": not found")
			s.event(pod.Pod, "Failed", "Failed to pull image", 10)
			s.now(130)
		}, want{state: process.Failed, code: process.ImagePull, sub: "notfound", container: "process", action: process.ActArchive}},
		{"image was pulled for long, then failed: the grace begins at the failure", func(s *scene) {
			pod := s.pod("a").scheduled(1).waits("process", "ErrImagePull", "connection reset")
			s.event(pod.Pod, "Failed", "Failed to pull image", 500)
			s.now(510)
		}, want{state: process.Queued, action: process.ActWait}},
		{"registry does not know us", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "ImagePullBackOff", "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed")
			s.now(130)
		}, want{state: process.Failed, code: process.ImagePull, sub: "unauthorized", container: "process", action: process.ActArchive}},
		{"registry is away", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "ErrImagePull", `failed to do request: Head "https://registry.example/v2/": dial tcp 10.0.0.1:443: connect: connection refused`)
			s.now(130)
		}, want{state: process.Failed, code: process.ImagePull, sub: "network", retriable: true, container: "process", action: process.ActArchive}},
		{"registry has had enough", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "ErrImagePull", "429 Too Many Requests - Server message: toomanyrequests")
			s.now(130)
		}, want{state: process.Failed, code: process.ImagePull, sub: "ratelimit", retriable: true, container: "process", action: process.ActArchive}},
		{"image is for another platform", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "ErrImagePull", "no match for platform in manifest: not found")
			s.now(130)
		}, want{state: process.Failed, code: process.ImagePull, sub: "platform", container: "process", action: process.ActArchive}},
		{"image has no name, at once", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "InvalidImageName", "Failed to apply default image tag: couldn't parse image name")
			s.now(2)
		}, want{state: process.Failed, code: process.ImagePull, sub: "name", container: "process", action: process.ActArchive}},
		{"key of the Secret is missing", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "CreateContainerConfigError", `couldn't find key access_key in Secret physics/x`)
			s.now(31)
		}, want{state: process.Failed, code: process.ContainerConfig, container: "process", action: process.ActArchive}},
		{"key of the Secret is missing, yet", func(s *scene) {
			s.pod("a").scheduled(1).waits("process", "CreateContainerConfigError", `couldn't find key access_key in Secret physics/x`)
			s.now(30)
		}, want{state: process.Queued, action: process.ActWait}},
		{"volume cannot be mounted", func(s *scene) {
			pod := s.pod("a").scheduled(1).waits("process", "ContainerCreating", "")
			s.event(pod.Pod, "FailedMount", `MountVolume.SetUp failed for volume "kernels"`, 5)
			s.now(602)
		}, want{state: process.Failed, code: process.StartError, sub: "volume", retriable: true, action: process.ActArchive}},
		{"entrypoint is not there", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 128, "StartError", `exec: "nope": executable file not found in $PATH`, 3, 3)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.StartError, exit: 128, container: "process", action: process.ActArchive}},
		{"command is not found by the shell", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 127, "Error", "sh: nope: not found", 3, 4)
			s.failed("PodFailurePolicy")
		}, want{state: process.Failed, code: process.StartError, exit: 127, container: "process", action: process.ActArchive}},
		{"main process is killed for its memory", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "OOMKilled", "", 3, 9)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.OOMKilled, exit: 137, container: "process", action: process.ActArchive}},
		{"child is killed for its memory, the Job is complete", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 0, "OOMKilled", "", 3, 9)
			s.completed()
		}, want{state: process.Failed, code: process.OOMKilled, container: "process", action: process.ActArchive}},
		{"init container is killed for its memory", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "Completed", "", 3, 4).ends("cmd-01", 137, "OOMKilled", "", 5, 6)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.OOMKilled, exit: 137, container: "cmd-01", action: process.ActArchive}},
		{"child of an init container is killed for its memory, yet", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "OOMKilled", "", 3, 100).waits("cmd-01", "PodInitializing", "")
			s.now(129)
		}, want{state: process.Running, action: process.ActWait}},
		{"child of an init container is killed for its memory, and the next one started", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "OOMKilled", "", 3, 10).runs("cmd-01", 11)
			s.now(129)
		}, want{state: process.Running, action: process.ActWait}},
		{"child of an init container is killed for its memory, and the kubelet stands still", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "OOMKilled", "", 3, 100).waits("cmd-01", "PodInitializing", "")
			s.now(130)
		}, want{state: process.Failed, code: process.OOMKilled, container: "cmd-00", action: process.ActArchive}},
		{"killed, but not for its memory", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 9)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.AppError, sub: "SIGKILL", exit: 137, container: "process", action: process.ActArchive}},
		{"too much ephemeral storage", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 9).fails("Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.StorageLimit, exit: 137, container: "process", action: process.ActArchive}},
		{"too much in an emptyDir", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 9).fails("Evicted", `Usage of EmptyDir volume "work" exceeds the limit "1Gi".`)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.StorageLimit, exit: 137, container: "process", action: process.ActArchive}},
		{"disk of the node is full", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 9).disrupted("TerminationByKubelet").
				fails("Evicted", "The node was low on resource: ephemeral-storage.")
			s.failed("DeadlineExceeded")
		}, want{
			state: process.Failed, code: process.Disrupted, sub: "TerminationByKubelet", retriable: true, exit: 137,
			container: "process", action: process.ActArchive,
		}},
		{"drained: the Job makes another pod", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 143, "Error", "", 3, 9).disrupted("EvictionByEvictionAPI").fails("", "")
			s.pod("b").at(10).scheduled(11).runs("process", 12)
		}, want{state: process.Running, action: process.ActWait}},
		{"drained, and no pod since", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 143, "Error", "", 3, 9).disrupted("EvictionByEvictionAPI").fails("", "")
			s.job.Status.Active = 1
		}, want{state: process.Running, action: process.ActWait}},
		{"pod is deleted by hand", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 99).fails("", "").deleted(70, 30)
			s.failed("BackoffLimitExceeded")
		}, want{
			state: process.Failed, code: process.Disrupted, sub: "PodDeleted", retriable: true, exit: 137,
			container: "process", action: process.ActArchive,
		}},
		{"deadline of the pod", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 3601).fails("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.DeadlineExceeded, exit: 137, container: "process", action: process.ActArchive}},
		{"deadline of the Job, its pods are gone", func(s *scene) {
			s.failed("DeadlineExceeded")
		}, want{state: process.Failed, code: process.DeadlineExceeded, action: process.ActArchive}},
		{"canceled before anything started", func(s *scene) {
			s.cancel(5)
			s.pod("a").unscheduled("0/1 nodes are available")
		}, want{state: process.Canceled, code: process.CancelRequested, action: process.ActArchive}},
		{"canceled while it runs: stopped first", func(s *scene) {
			s.cancel(5)
			s.pod("a").scheduled(1).runs("process", 3)
		}, want{state: process.Running, action: process.ActStop}},
		{"canceled, and stopping", func(s *scene) {
			s.cancel(5)
			s.pod("a").scheduled(1).runs("process", 3).Spec.ActiveDeadlineSeconds = new(int64(1))
		}, want{state: process.Running, action: process.ActWait}},
		{"canceled, and stopped", func(s *scene) {
			s.cancel(5)
			s.pod("a").scheduled(1).ends("process", 143, "Error", "", 3, 7).fails("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Canceled, code: process.CancelRequested, action: process.ActArchive}},
		{"canceled too late: it had failed", func(s *scene) {
			s.cancel(15)
			s.pod("a").scheduled(1).ends("process", 3, "Error", "", 3, 7)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.AppError, exit: 3, container: "process", action: process.ActArchive}},
		{"canceled between two attempts", func(s *scene) {
			s.job.Annotations[process.AnnotationRetries] = "1"
			s.cancel(15)
			s.pod("a").scheduled(1).ends("process", 1, "Error", "no", 2, 9).Status.Phase = corev1.PodFailed
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Canceled, code: process.CancelRequested, action: process.ActArchive}},
		{"canceled after the last of two attempts", func(s *scene) {
			s.job.Annotations[process.AnnotationRetries] = "1"
			s.cancel(15)
			s.pod("a").scheduled(1).ends("process", 1, "Error", "no", 2, 4).Status.Phase = corev1.PodFailed
			s.pod("b").at(5).scheduled(6).ends("process", 1, "Error", "no", 7, 9).Status.Phase = corev1.PodFailed
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.AppError, action: process.ActArchive, exit: 1, container: "process"}},
		{"canceled after a command that is never tried again", func(s *scene) {
			s.job.Annotations[process.AnnotationRetries] = "1"
			s.cancel(15)
			s.pod("a").scheduled(1).ends("process", 127, "Error", "no", 2, 9).Status.Phase = corev1.PodFailed
			s.failed("PodFailurePolicy")
		}, want{state: process.Failed, code: process.StartError, action: process.ActArchive, exit: 127, container: "process"}},
		{"canceled too late: it is done", func(s *scene) {
			s.cancel(15)
			s.pod("a").scheduled(1).ends("process", 0, "Completed", "", 3, 7)
			s.completed()
		}, want{state: process.Done, action: process.ActArchive}},
		{"canceled after its deadline", func(s *scene) {
			s.cancel(3700)
			s.pod("a").scheduled(1).ends("process", 137, "Error", "", 3, 3601).fails("DeadlineExceeded", "")
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.DeadlineExceeded, exit: 137, container: "process", action: process.ActArchive}},
		{"exit code", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 2, "Error", "Traceback: no such file", 3, 7)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.AppError, exit: 2, container: "process", action: process.ActArchive}},
		{"exit code of the second command", func(s *scene) {
			s.of(listed())
			s.pod("a").scheduled(1).ends("cmd-00", 0, "Completed", "", 3, 4).ends("cmd-01", 9, "Error", "", 5, 6)
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.AppError, exit: 9, container: "cmd-01", action: process.ActArchive}},
		{"first attempt failed, another runs", func(s *scene) {
			s.job.Spec.BackoffLimit = new(int32(2))
			s.job.Status.Failed = 1
			s.pod("a").scheduled(1).ends("process", 2, "Error", "", 3, 7).fails("", "")
			s.pod("b").at(10).scheduled(11).runs("process", 12)
		}, want{state: process.Running, action: process.ActWait}},
		{"pod is gone before it was seen, the Job failed", func(s *scene) {
			s.failed("BackoffLimitExceeded")
		}, want{state: process.Failed, code: process.Lost, retriable: true, action: process.ActArchive}},
		{"pod is gone, its end is in the archive", func(s *scene) {
			s.failed("BackoffLimitExceeded")
			s.facts.Streams[process.Stream{Pod: s.job.Name + "-a", Container: "process"}] = process.StreamFact{
				Complete: true, End: &process.End{ExitCode: 4, Reason: "Error", StartedAt: at(3), FinishedAt: at(5)},
			}
		}, want{state: process.Failed, code: process.AppError, exit: 4, container: "process", action: process.ActArchive}},
		{"pod is gone, the Job is complete", func(s *scene) { s.completed() }, want{state: process.Done, action: process.ActArchive}},
		{"Job is gone", func(s *scene) { s.job = nil }, want{
			state: process.Failed, code: process.Lost, retriable: true, action: process.ActArchive,
		}},
		{"Job is gone, its log still comes", func(s *scene) {
			s.job = nil
			s.facts.Streams[process.Stream{Pod: "p", Container: "process"}] = process.StreamFact{Following: true}
		}, want{state: process.Failed, code: process.Lost, retriable: true, action: process.ActWait}},
		{"pod of a former Job of the name", func(s *scene) {
			s.pod("a").scheduled(1).ends("process", 2, "Error", "", 3, 7).OwnerReferences[0].UID = "uid-0"
			s.now(20)
		}, want{state: process.Queued, action: process.ActWait}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			test.make(s)
			s.archiveLogs()
			verdict := process.Observe(s.observation())
			got := want{state: verdict.Status.State, action: verdict.Next.Kind}
			if failure := verdict.Status.Failure; failure != nil {
				got.code, got.sub, got.retriable = failure.Code, failure.Sub, failure.Retriable
				if failure.ExitCode != nil {
					got.exit = *failure.ExitCode
				}
				if failure.Where != nil {
					got.container = failure.Where.Container
				}
				if failure.Message == "" || failure.FirstSeen.IsZero() {
					t.Errorf("the failure does not say what or when: %+v", failure)
				}
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("-want +got:\n%s\n%+v", diff, verdict.Status.Failure)
			}
		})
	}
}
