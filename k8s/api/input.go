package api

import (
	"crypto/sha256"
	"fmt"

	"github.com/go-json-experiment/json"

	"kernelindexer/k8s/process"
)

// requested is what a run was asked to be, its parameters aside. It is kept with the run, for clones and for requests
// that are sent again.
type requested struct {
	Key       string            `json:"key,omitzero"`    // hash of user and Idempotency-Key
	Digest    string            `json:"digest,omitzero"` // of the request
	Cut       bool              `json:"cut,omitzero"`    // the rest was too long to be kept
	Commands  []commandInput    `json:"commands,omitzero"`
	Folders   []string          `json:"directories,omitzero"`
	Env       map[string]string `json:"env,omitzero"`
	Resources resources         `json:"resource_requests,omitzero"`
	Deadline  int64             `json:"deadline_seconds,omitzero"`
	Start     int64             `json:"start_timeout_seconds,omitzero"`
	Retries   int               `json:"retries,omitzero"`
	Queue     string            `json:"queue,omitzero"`
}

// resources are Kubernetes quantities, by Kubernetes' names.
type resources struct {
	CPU       string `json:"cpu,omitzero"`
	Memory    string `json:"memory,omitzero"`
	Ephemeral string `json:"ephemeral-storage,omitzero"`
}

// commandInput is one command: a text, which is split into words as a shell would but not given to one; or the words; or
// the words with whether they replace the image's entrypoint.
type commandInput struct {
	Args []string
	Exec bool
}

type commandObject struct {
	Args []string `json:"args"`
	Exec bool     `json:"exec,omitzero"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *commandInput) UnmarshalJSON(data []byte) error {
	var text string
	var object commandObject
	switch raw(data).Kind() {
	case '"':
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		words, err := process.SplitCommand(text)
		i.Args = words
		return err
	case '[':
		return json.Unmarshal(data, &i.Args)
	}
	err := json.Unmarshal(data, &object, json.RejectUnknownMembers(true))
	*i = commandInput(object)
	return err
}

// MarshalJSON implements json.Marshaler.
func (i commandInput) MarshalJSON() ([]byte, error) { return json.Marshal(commandObject(i)) }

// environmentRef names an environment in a request, as existing clients do.
type environmentRef struct {
	ID string `json:"id"`
}

// launchInput is the body of a request for work: a process type with its parameters, or commands.
type launchInput struct {
	Type        string         `json:"type"`
	Environment environmentRef `json:"environment"`
	Name        string         `json:"name"`
	Params      raw            `json:"params"`
	ID          string         `json:"id"`      // of a process that gets a new version
	Cluster     string         `json:"cluster"` // accepted for existing clients and ignored
	requested
}

// maxNote bounds what is kept of a request, in bytes: annotations have 256 KiB in all. Of a longer one only what makes it
// known again is kept; it cannot be cloned.
const maxNote = 128 << 10

// note is what is kept with the run.
func (in *launchInput) note() (string, error) {
	text, err := json.Marshal(in.requested, json.Deterministic(true))
	if err == nil && len(text) > maxNote {
		text, err = json.Marshal(requested{Key: in.Key, Digest: in.Digest, Cut: true})
	}
	return string(text), err
}

// digest is the same for the same request. It fills in the parameters that a process type has without any.
func (in *launchInput) digest() (string, error) {
	in.Key, in.Digest = "", ""
	if in.Type != "" && len(in.Params) == 0 {
		in.Params = raw("{}")
	}
	text, err := json.Marshal(in, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(text)), nil
}
