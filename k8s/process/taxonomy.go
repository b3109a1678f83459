package process

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what a failure says.
const (
	maxMessage  = 2 << 10 // bytes of a message
	maxPiece    = 1 << 10 // bytes of one piece of evidence
	maxEvidence = 8       // pieces of evidence
)

// class is a row of the failure taxonomy: how a failure is seen, how long it
// may last before it is one, and what to say.
type class struct {
	code      Code
	retriable bool
	hint      string
	// live rows look at a run that Kubernetes still works on, the others at a
	// Job that is finished. A row that is both looks at either.
	live, ended bool
	// find sees the trouble, or not.
	find func(*view) (finding, bool)
	// grace is how long a trouble of a live run may last; nil ends it at once.
	grace func(*view, finding) time.Duration
}

// finding is a trouble that a row has seen.
type finding struct {
	sub       string
	message   string
	tail      bool          // of a message that is too long the end is kept: it says why
	retriable *bool         // nil: as the row says
	at        time.Duration // grace of this very finding, where the row leaves it open
	stream    *Stream
	exitCode  *int32
	evidence  []string
	since     time.Time
}

// taxonomy are all failures of a run, in the order in which they are looked
// for: the first that is found is the cause.
var taxonomy = []class{
	{
		code: AdmissionDenied, live: true, find: findDenied,
		grace: func(v *view, _ finding) time.Duration { return v.limits.Admission },
		hint:  "a policy of the domain refuses the pod; the evidence says which rule",
	},
	{
		code: QuotaExceeded, retriable: true, live: true, find: findQuota, grace: untilStart,
		hint: "the domain's quota is used up; try again when other runs have ended",
	},
	{
		code: NotAdmitted, retriable: true, live: true, find: findSuspended, grace: untilStart,
		hint: "the queue did not admit the run in time; ask who runs the queue",
	},
	{
		code: Unschedulable, retriable: true, live: true, find: findUnscheduled, grace: untilStart,
		hint: "no node took the pod in time; ask for less, or allow more time to start",
	},
	{
		code: ImagePull, live: true, find: findPull, grace: ofFinding,
		hint: "check the reference of the environment's image and that the cluster may pull it",
	},
	{
		code: ContainerConfig, live: true, find: findConfig,
		grace: func(v *view, _ finding) time.Duration { return v.limits.Config },
		hint:  "the container cannot be made; often a Secret or a key in it is missing",
	},
	{
		code: StartError, retriable: true, live: true, find: findStuck, grace: untilStart,
		hint: "the node did not start the pod in time; a large image may need more time to start",
	},
	{code: CancelRequested, ended: true, find: findCanceledBetween},
	{
		code: NodeRejected, retriable: true, ended: true, find: findRejected,
		hint: "the node refused the pod after it had been assigned",
	},
	{
		code: StartError, ended: true, find: findStartError,
		hint: "the command cannot be run: check that it exists, is executable and is built for the node",
	},
	{
		code: OOMKilled, live: true, ended: true, find: findOOM,
		grace: func(v *view, _ finding) time.Duration { return v.limits.Config },
		hint:  "ask for more memory than the run was given",
	},
	{
		code: StorageLimit, ended: true, find: findStorage,
		hint: "ask for more ephemeral storage, or keep data in the project's storage",
	},
	{
		code: Disrupted, retriable: true, ended: true, find: findDisrupted,
		hint: "the cluster took the pod away; it was not the work's fault",
	},
	{
		code: DeadlineExceeded, ended: true, find: findDeadline,
		hint: "allow the run more time",
	},
	{code: CancelRequested, live: true, ended: true, find: findCanceled},
	{
		code: AppError, ended: true, find: findAppError,
		hint: "see the log",
	},
	{
		code: Lost, retriable: true, find: func(*view) (finding, bool) { return finding{}, false },
		hint: "launch it again as a new version",
	},
}

// Codes are the codes that the failure of a run can have.
func Codes() []Code {
	var codes []Code
	for _, row := range taxonomy {
		if !slices.Contains(codes, row.code) {
			codes = append(codes, row.code)
		}
	}
	return codes
}

// classOf is the row of a code.
func classOf(code Code) class {
	for _, row := range taxonomy {
		if row.code == code {
			return row
		}
	}
	return class{code: code}
}

func untilStart(v *view, _ finding) time.Duration { return v.startWithin() }

func ofFinding(_ *view, f finding) time.Duration { return f.at }

// classify is the failure of the run; or, when there is none yet, when the
// trouble that it is in will be one.
func (v *view) classify() (*Failure, time.Time) {
	var blocked time.Time
	finished := v.finished()
	for _, row := range taxonomy {
		if finished && !row.ended || !finished && !row.live {
			continue
		}
		found, ok := row.find(v)
		if !ok {
			continue
		}
		if row.grace != nil && !finished {
			until := found.since.Add(row.grace(v, found))
			if v.now.Before(until) {
				if blocked.IsZero() || until.Before(blocked) {
					blocked = until
				}
				continue
			}
		}
		return row.failure(found, v.mask), time.Time{}
	}
	return nil, blocked
}

// failure is what is told of a finding. Secrets are hidden before anything is cut: of half of one nobody could tell.
func (c class) failure(f finding, mask func(string) string) *Failure {
	cut := clean
	if f.tail {
		cut = cleanTail
	}
	failure := &Failure{
		Code: c.code, Sub: f.sub, Message: cut(mask(f.message), maxMessage), Hint: c.hint, Retriable: c.retriable,
		Where: f.stream, ExitCode: f.exitCode, FirstSeen: f.since.UTC().Truncate(time.Second),
	}
	if f.retriable != nil {
		failure.Retriable = *f.retriable
	}
	if f.exitCode != nil && *f.exitCode > 128 && *f.exitCode <= 128+64 {
		failure.Signal = *f.exitCode - 128
	}
	for _, piece := range f.evidence {
		if piece = clean(mask(piece), maxPiece); piece != "" && len(failure.Evidence) < maxEvidence {
			failure.Evidence = append(failure.Evidence, piece)
		}
	}
	return failure
}

// clean returns text as valid UTF-8 of at most limit bytes.
func clean(text string, limit int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= limit {
		return text
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

// cleanTail is clean, of the end of a text.
func cleanTail(text string, limit int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	cut := max(len(text)-limit, 0)
	for cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut++
	}
	return text[cut:]
}

// pattern maps words of a message to a finer cause.
type pattern struct {
	sub       string
	retriable bool
	words     []string // any of them, in lower case
}

// match returns the first pattern of which a word is in the message.
func match(patterns []pattern, message string) (pattern, bool) {
	message = strings.ToLower(message)
	for _, p := range patterns {
		for _, word := range p.words {
			if strings.Contains(message, word) {
				return p, true
			}
		}
	}
	return pattern{}, false
}
