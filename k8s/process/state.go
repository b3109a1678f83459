package process

import "time"

// State is where a run stands, in the words of the API.
type State string

// The states of a run. The last three are final.
const (
	Queued   State = "queued"
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed"
	Canceled State = "canceled"
)

// Final says that a run in this state has ended.
func (s State) Final() bool { return s == Done || s == Failed || s == Canceled }

// Phase is a finer word for what a run that has not ended is doing.
type Phase string

// The phases of a run, in the order in which they come. An ended run has none.
const (
	PhaseQueued     Phase = "queued"     // not admitted, or no pod yet
	PhaseScheduling Phase = "scheduling" // waits for a node
	PhasePulling    Phase = "pulling"    // its image cannot be had, yet
	PhaseStarting   Phase = "starting"   // on a node
	PhaseRunning    Phase = "running"
	PhaseFinishing  Phase = "finishing" // over, or being stopped; logs are still collected
)

// Status is what users are told of a run. Times are in UTC, whole seconds, as
// Kubernetes has them; nil is not yet or not known.
type Status struct {
	State      State           `json:"state"`
	Phase      Phase           `json:"phase,omitempty"`
	Failure    *Failure        `json:"failure"` // nil unless the state is failed or canceled
	CreatedAt  *time.Time      `json:"createdAt,omitempty"`
	StartedAt  *time.Time      `json:"startedAt,omitempty"`  // of the first container of the first attempt
	FinishedAt *time.Time      `json:"finishedAt,omitempty"` // of the run
	ReturnCode *int32          `json:"returncode"`           // of the command that ended the run; nil when none did
	Commands   []CommandStatus `json:"commands,omitempty"`   // of the last attempt
	Earlier    []Attempt       `json:"earlier,omitempty"`    // those before it, the first one first; at most [maxEarlier]
	Attempts   int             `json:"attempts"`             // pods so far
	Disrupted  int             `json:"disrupted,omitempty"`  // pods that the cluster took away
	Warnings   []string        `json:"warnings,omitempty"`
}

// CommandStatus is what became of one container. [Stream] is where its log is.
type CommandStatus struct {
	Stream
	State      CommandState `json:"state"`
	ExitCode   *int32       `json:"exitCode,omitempty"`
	Reason     string       `json:"reason,omitempty"` // Kubernetes' word for how it ended or why it waits
	StartedAt  *time.Time   `json:"startedAt,omitempty"`
	FinishedAt *time.Time   `json:"finishedAt,omitempty"`
}

// CommandState is the state of one command.
type CommandState string

// The states of a command.
const (
	CommandWaiting CommandState = "waiting"
	CommandRunning CommandState = "running"
	CommandDone    CommandState = "done"
	CommandFailed  CommandState = "failed"
	CommandSkipped CommandState = "skipped" // the run ended before its turn
)

// Stream names the log of one container of one attempt.
type Stream struct {
	Pod       string `json:"pod"`
	Container string `json:"container"`
}

// Failure is why a run failed. Evidence is verbatim what Kubernetes said, cut to
// [maxEvidence] pieces.
type Failure struct {
	Code      Code      `json:"code"`
	Sub       string    `json:"sub,omitempty"` // a finer cause, such as notfound of IMAGE_PULL
	Message   string    `json:"message"`
	Hint      string    `json:"hint,omitempty"`
	Retriable bool      `json:"retriable"` // the same request may well succeed
	Where     *Stream   `json:"where,omitempty"`
	ExitCode  *int32    `json:"exitCode,omitempty"`
	Signal    int32     `json:"signal,omitempty"` // that ended the container, from an exit code over 128
	Evidence  []string  `json:"evidence,omitempty"`
	FirstSeen time.Time `json:"firstSeen"`
}

// Code names a class of failure.
type Code string

// The failure codes.
const (
	AdmissionDenied  Code = "ADMISSION_DENIED"
	QuotaExceeded    Code = "QUOTA_EXCEEDED"
	NotAdmitted      Code = "NOT_ADMITTED"
	Unschedulable    Code = "UNSCHEDULABLE"
	NodeRejected     Code = "NODE_REJECTED"
	ImagePull        Code = "IMAGE_PULL"
	ContainerConfig  Code = "CONTAINER_CONFIG"
	StartError       Code = "START_ERROR"
	OOMKilled        Code = "OOM_KILLED"
	StorageLimit     Code = "STORAGE_LIMIT"
	Disrupted        Code = "DISRUPTED"
	DeadlineExceeded Code = "DEADLINE_EXCEEDED"
	CancelRequested  Code = "CANCELED"
	AppError         Code = "APP_ERROR"
	Lost             Code = "LOST"
)

// Limits are how long a trouble that may pass is given.
type Limits struct {
	ImagePull   time.Duration // an image that cannot be pulled
	Config      time.Duration // a container that cannot be made
	Admission   time.Duration // pods that a policy refuses
	Logs        time.Duration // logs that do not come to their end after the run did
	ArchivedTTL time.Duration // how long an archived Job stays
	Poll        time.Duration // between two looks at a run that says nothing by itself
}

// DefaultLimits are the service's.
func DefaultLimits() Limits {
	return Limits{
		ImagePull: 2 * time.Minute, Config: 30 * time.Second, Admission: time.Minute,
		Logs: 10 * time.Minute, ArchivedTTL: 10 * time.Minute, Poll: 15 * time.Second,
	}
}
