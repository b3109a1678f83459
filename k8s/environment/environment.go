package environment

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"kernelindexer/k8s/image"
)

// Scope is for whom an environment is.
type Scope string

// The scopes.
const (
	System Scope = "system" // for all domains; made by the configuration only
	User   Scope = "user"   // for one domain
)

// Kind is what an environment is made of.
type Kind string

// The kinds.
const (
	Image  Kind = "image"  // a container image that has everything
	Kernel Kind = "kernel" // an indexed conda prefix, mounted at its own path into a base image
)

// State is whether an environment may be given to new work.
type State string

// The states.
const (
	Active  State = "active"
	Deleted State = "deleted" // a tombstone
)

// Environment is one environment as it is shown to users. Its JSON form is also what is stored.
type Environment struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Tag          string      `json:"tag"`
	FullName     string      `json:"fullName"`
	Scope        Scope       `json:"scope"`
	Kind         Kind        `json:"kind"`
	DomainID     string      `json:"domainId,omitempty"` // of a user environment: a namespace
	Image        string      `json:"image"`              // repository@sha256:…
	ImageID      string      `json:"imageId"`            // digest of the configuration: equal for equal images
	Platform     string      `json:"platform"`           // os/architecture[/variant]
	User         image.User  `json:"user"`               // whom the image wants its processes to run as
	Runtime      Runtime     `json:"runtime"`
	Kernel       *KernelPath `json:"kernel,omitempty"` // of kind kernel
	SizeBytes    int64       `json:"sizeBytes"`        // of the image's layers as they are stored
	ProcessTypes []string    `json:"processTypes"`
	PackageCount int         `json:"packageCount"`
	Warnings     []string    `json:"warnings"`
	CreatedBy    string      `json:"createdBy"` // owns it
	CreatedAt    time.Time   `json:"createdAt"`
	UpdatedBy    string      `json:"updatedBy"`
	UpdatedAt    time.Time   `json:"updatedAt"`
	DeletedBy    string      `json:"deletedBy,omitempty"`
	DeletedAt    *time.Time  `json:"deletedAt,omitempty"`
	State        State       `json:"state"`
	Revision     int64       `json:"revision"`  // from 1, one more with each change of content, deletion and revival
	Revisions    []Revision  `json:"revisions"` // the content of this one and of those before, newest first, at most MaxRevisions
	version      string      // of the object that it was read from
	schemas      []byte      // of process types, compressed; nil if there are none
}

// Runtime is what starting a process in the image depends on. The other variables of the image's configuration stay in
// the image: people put secrets there.
type Runtime struct {
	Entrypoint []string `json:"entrypoint,omitempty"`
	Cmd        []string `json:"cmd,omitempty"`
	WorkingDir string   `json:"workingDir,omitempty"`
	Path       string   `json:"path,omitempty"` // the variable PATH
}

// KernelPath is the kernel of an environment of that kind.
type KernelPath struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	Prefix   string `json:"prefix"` // absolute, where it was installed and is mounted
}

// Revision is the content that an environment has or had.
type Revision struct {
	Number   int64     `json:"number"`
	Image    string    `json:"image"`
	ImageID  string    `json:"imageId"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Packages string    `json:"packages,omitempty"` // name of the ConfigMap that has them
	Schemas  string    `json:"schemas,omitempty"`  // digest of process_schemas.json
}

// MaxRevisions is how many revisions an environment remembers. The images of older ones are no longer referred to.
const MaxRevisions = 20

// IDOf returns the ID of the environment of a full name, which is the name of its ConfigMap too.
func IDOf(fullName string) string {
	sum := sha256.Sum256([]byte(fullName))
	return idPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

const idPrefix = "env-"

// IsID reports whether text can be the ID of an environment; anything else need not be looked for.
func IsID(text string) bool {
	code, ok := strings.CutPrefix(text, idPrefix)
	return ok && len(code) == 52 && !strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	})
}

// For reports whether new work of a domain may choose the environment, apart from its state.
func (e *Environment) For(domain string) bool { return e.Scope == System || e.DomainID == domain }

// current is the newest content.
func (e *Environment) current() Revision {
	if len(e.Revisions) == 0 {
		return Revision{}
	}
	return e.Revisions[0]
}
