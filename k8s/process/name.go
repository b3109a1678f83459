package process

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// App is the name that labels, annotations and the virtual resources of access
// reviews carry.
const App = "kernel-jobs"

// Labels of a Job and its pods. A value that is no label is hashed; the raw one
// is in the annotation of the same name.
const (
	LabelManagedBy   = "app.kubernetes.io/managed-by"
	LabelProject     = App + "/project"
	LabelProcess     = App + "/process"
	LabelVersion     = App + "/version"
	LabelEnvironment = App + "/environment"
	labelQueue       = "kueue.x-k8s.io/queue-name"
)

// Annotations of a Job. Those of the request are written once; the last three
// are written while it lives.
const (
	AnnotationProject     = LabelProject
	AnnotationProcess     = LabelProcess
	AnnotationEnvironment = LabelEnvironment
	AnnotationRevision    = App + "/environment-revision"
	AnnotationName        = App + "/name"
	AnnotationType        = App + "/type"
	AnnotationCreatedBy   = App + "/created-by"
	AnnotationStart       = App + "/start-within"
	// AnnotationRetries is how many further attempts were asked for: the Job's own number is taken away from it when
	// the run is canceled.
	AnnotationRetries = App + "/retries"
	// AnnotationRequest is what was asked for, in the words of whoever took the
	// request. It is kept with the run, and nothing here depends on it.
	AnnotationRequest = App + "/request"
	// AnnotationParameters is on the pod template; the downward API hands it on.
	AnnotationParameters = App + "/parameters"
	// AnnotationCancel asks for the end of a run: an RFC 3339 time, a blank and who asks.
	AnnotationCancel = App + "/cancel-requested"
	// AnnotationReplaced is on a Job that was created again after its node refused it.
	AnnotationReplaced = App + "/replaced"
)

// Selector selects the Jobs and pods of this service.
func Selector() string { return LabelManagedBy + "=" + App }

// maxName leaves room for what Kubernetes appends to the name of a Job in the
// 63 characters of a label: "-" and an index or five random characters.
const maxName = 52

// hashedID is what an id becomes when it cannot be used as it is.
var hashedID = regexp.MustCompile(`(^|-)x[a-z2-7]{15}$`)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// JobName is the name of the Job of one version of a process:
// process-<id>-v<version>. An id that would make no DNS label of at most 52
// characters is replaced by what is legible of it and a hash, as is one that
// looks as if that had been done to it: two ids never share a name.
func JobName(process string, version int) string {
	suffix := "-v" + strconv.Itoa(version)
	name := "process-" + process + suffix
	if len(name) <= maxName && len(validation.IsDNS1123Label(name)) == 0 && !hashedID.MatchString(process) {
		return name
	}
	room := maxName - len("process-") - len(suffix)
	return "process-" + hashed(process, room) + suffix
}

// hashed returns a DNS label of at most room (≥ 18) characters for text.
func hashed(text string, room int) string {
	sum := sha256.Sum256([]byte(text))
	hash := "x" + encoding.EncodeToString(sum[:])[:15]
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, text)
	slug = slug[:min(len(slug), room-len(hash)-1)]
	if slug = strings.Trim(slug, "-"); slug == "" {
		return hash
	}
	return slug + "-" + hash
}

// LabelValue is the label value for an id: the id, or a hash when it is no value
// of a label.
func LabelValue(id string) string {
	if len(validation.IsValidLabelValue(id)) == 0 && !hashedID.MatchString(id) {
		return id
	}
	return hashed(id, validation.LabelValueMaxLength)
}
