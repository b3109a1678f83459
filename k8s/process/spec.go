package process

import "time"

// Bounds of a request. They are the service's, not Kubernetes', save for the
// parameters and variables: Linux takes 128 KiB in one environment string, name included.
const (
	MaxParameters   = 96 << 10           // bytes of parameters
	MaxCommands     = 32                 // commands of one run
	MaxCommandBytes = 96 << 10           // bytes of all words of all commands
	MaxVariable     = 96 << 10           // bytes of the value of one variable
	MaxRetries      = 10                 // further attempts after the first
	MaxDeadline     = 7 * 24 * time.Hour // how long one attempt may run
	MaxStartTimeout = 24 * time.Hour     // how long a run may wait to start
	MaxID           = 128                // bytes of the id of a process, project or environment
)

// Defaults of a request that leaves them out.
const (
	DefaultDeadline     = time.Hour
	DefaultStartTimeout = 10 * time.Minute
	DefaultCPU          = "1"
	DefaultMemory       = "2Gi"
	DefaultEphemeral    = "10Gi"
)

// Spec is a request for work that has been checked as far as others can: the
// parameters fit their schema and the environment exists. [Spec.Validate] checks
// what is left. Exactly one of Type and Commands is set.
type Spec struct {
	Namespace string `json:"namespace"` // where the Job runs: the domain
	Project   string `json:"project"`   // PROJECT_ID
	Process   string `json:"process"`   // PROCESS_ID, the same for all versions
	Version   int    `json:"version"`   // VERSION, from 0
	Name      string `json:"name,omitempty"`

	// Type is the process type that the image's entrypoint is asked to run.
	Type string `json:"type,omitempty"`
	// Parameters are a JSON object in UTF-8, handed over byte for byte.
	Parameters string `json:"parameters,omitempty"`
	// Commands run in order, each in a fresh container of the same image; the
	// first that fails ends the run.
	Commands []Command `json:"commands,omitempty"`
	// Directories are the names of top folders that all commands share.
	Directories []string `json:"directories,omitempty"`
	// Env is added to every container. It cannot set the variables of the seed.
	Env map[string]string `json:"env,omitempty"`

	Environment Environment       `json:"environment"`
	Resources   Resources         `json:"resources"`
	Deadline    time.Duration     `json:"deadline"`    // of one attempt, from the start of its pod
	StartWithin time.Duration     `json:"startWithin"` // until the first container starts
	Retries     int               `json:"retries"`     // further attempts after a failure of the work itself
	Queue       string            `json:"queue"`       // a Kueue queue: the Job is created suspended
	BackendURL  string            `json:"backendUrl"`  // BACKEND_URL
	Storage     Storage           `json:"storage"`     // STORAGE_BASE and its credentials
	Account     string            `json:"account"`     // service account of the pod; it gets no token
	PullSecrets []string          `json:"pullSecrets"` // names of Secrets for the registry
	CreatedBy   string            `json:"-"`           // who asked
	Annotations map[string]string `json:"-"`           // further annotations of the Job
}

// Command is one command of a run.
type Command struct {
	// Args are the words of the command. As `docker run IMAGE ARGS` does, they
	// are handed to the entrypoint of the image, if it has one.
	Args []string `json:"args"`
	// Exec says that Args replace the entrypoint.
	Exec bool `json:"exec,omitempty"`
}

// Kind says where the packages of an environment are.
type Kind string

// The kinds of environment.
const (
	KindImage  Kind = "image"  // in the image
	KindKernel Kind = "kernel" // in an indexed prefix, mounted into a base image
)

// Environment is the environment as a run pins it.
type Environment struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	Kind     Kind   `json:"kind"`
	Image    string `json:"image"`          // a reference by digest, repository@sha256:…
	Arch     string `json:"arch,omitempty"` // GOARCH of the image; "" asks for no particular node
	User     User   `json:"user"`
	Path     string `json:"path,omitempty"` // PATH of the image's configuration
	Kernel   Kernel `json:"kernel,omitzero"`
}

// User is whom the image runs as, resolved to numbers: the kubelet cannot tell
// that a user with a name is not root. UID 0 stands for root and for an image
// that names nobody; such a run is given [NonRootID].
type User struct {
	UID  int64  `json:"uid"`
	GID  int64  `json:"gid"`
	Home string `json:"home,omitempty"` // absolute
}

// NonRootID is user and group of an image that would run as root.
const NonRootID = 1000

// Kernel is an indexed prefix on a shared volume.
type Kernel struct {
	Prefix  string `json:"prefix"`            // where the prefix was installed; it is mounted there
	Claim   string `json:"claim"`             // the PersistentVolumeClaim that holds the kernels
	SubPath string `json:"subPath,omitempty"` // the prefix within the volume
}

// Resources are Kubernetes quantities; "" is the default.
type Resources struct {
	CPU       string `json:"cpu,omitempty"`
	Memory    string `json:"memory,omitempty"`
	Ephemeral string `json:"ephemeral,omitempty"`
}

// Storage says where a run keeps its data.
type Storage struct {
	Base     string `json:"base,omitempty"`     // STORAGE_BASE
	Endpoint string `json:"endpoint,omitempty"` // STORAGE_ENDPOINT; "" leaves the variable out
	Secret   string `json:"secret,omitempty"`   // Secret with access_key and secret_key; "" leaves AWS_* out
}

// StorageSecret is the name of the Secret with the credentials of a project's
// storage, as the seed of the backend names it.
func StorageSecret(project string) string { return project + "-storage" }

// WithDefaults returns s with the defaults filled in.
func (s Spec) WithDefaults() Spec {
	if s.Deadline == 0 {
		s.Deadline = DefaultDeadline
	}
	if s.StartWithin == 0 {
		s.StartWithin = DefaultStartTimeout
	}
	if s.Resources.CPU == "" {
		s.Resources.CPU = DefaultCPU
	}
	if s.Resources.Memory == "" {
		s.Resources.Memory = DefaultMemory
	}
	if s.Resources.Ephemeral == "" {
		s.Resources.Ephemeral = DefaultEphemeral
	}
	if s.Type != "" && s.Parameters == "" {
		s.Parameters = "{}"
	}
	return s
}
