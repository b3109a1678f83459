package onenode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Cluster is a running cluster. Its methods may be called at the same time.
type Cluster struct {
	// Name is unique on the machine at any time.
	Name string
	// Bin holds kubectl and the other programs of Kubernetes, of the cluster's version.
	Bin    string
	layout layout
}

// Dir is the cluster's directory: logs of all components are in log, those of pods in var-log/pods.
func (c *Cluster) Dir() string { return c.layout.dir }

// Kubeconfig is the path of the administrator's configuration.
func (c *Cluster) Kubeconfig() string { return c.layout.adminConfig() }

// Env returns the variables that make kubectl and ctr talk to this cluster, as NAME=value, for exec.Cmd.
func (c *Cluster) Env() []string {
	return []string{
		"KUBECONFIG=" + c.Kubeconfig(),
		"CONTAINERD_ADDRESS=" + c.layout.containerd(),
		"CONTAINERD_NAMESPACE=k8s.io", // the kubelet's
		"PATH=" + c.Bin + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
}

// Command is a program, such as kubectl or a script that calls it, that talks to this cluster.
func (c *Cluster) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	if program == "kubectl" {
		program = c.Bin + "/kubectl"
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), c.Env()...)
	return cmd
}

// Kubectl runs kubectl and returns what it printed on standard output. An error holds what it complained about.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	var complaint strings.Builder
	cmd := c.Command(ctx, "kubectl", args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}

// LoadImage brings the images of an archive (of docker save or of buildah push docker-archive:) to the node.
func (c *Cluster) LoadImage(ctx context.Context, archive string) error {
	cmd := c.Command(ctx, "ctr", "images", "import", archive)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("load image %s: %w: %s", archive, err, text)
	}
	return nil
}

// Stop ends the cluster; see [Stop].
func (c *Cluster) Stop(ctx context.Context) error { return Stop(ctx, c.Name) }

// Open returns the running cluster of that name, or [ErrNoCluster]. out is told what [Binaries] does.
func Open(ctx context.Context, name string, out io.Writer) (*Cluster, error) {
	l, err := layoutOf(name)
	if err != nil {
		return nil, err
	}
	lock, free, err := takeLock(l)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoCluster, name)
	}
	if err != nil {
		return nil, err
	}
	if free {
		lock.Close()
		return nil, fmt.Errorf("%w: %s has ended: %s", ErrNoCluster, name, l.lastWords())
	}
	bin, err := Binaries(ctx, out)
	if err != nil {
		return nil, err
	}
	return &Cluster{Name: name, Bin: bin, layout: l}, nil
}

// wait returns when pods can be made: the node is ready and the default namespace has its service account.
func (c *Cluster) wait(ctx context.Context) error {
	for {
		_, err := c.Kubectl(ctx, "get", "--raw", "/readyz")
		if err == nil {
			_, err = c.Kubectl(ctx, "wait", "--for=condition=Ready", "node/"+NodeName, "--timeout=1s")
		}
		if err == nil {
			_, err = c.Kubectl(ctx, "get", "serviceaccount/default")
		}
		if err == nil {
			return nil
		}
		if waitErr := sleep(ctx, pollPause); waitErr != nil {
			return errors.Join(fmt.Errorf("the cluster is not ready: %w", waitErr), err)
		}
	}
}

// waitFile returns when a file exists.
func waitFile(ctx context.Context, path string) error {
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if err := sleep(ctx, pollPause/2); err != nil {
			return fmt.Errorf("%s does not appear: %w", path, err)
		}
	}
}

// lastWords is why a cluster ended by itself, with the end of the log that tells more.
func (l layout) lastWords() string {
	text, component := "its keeper ended", "node"
	if reason, err := os.ReadFile(l.failure()); err == nil {
		text = strings.TrimSpace(string(reason))
		component, _, _ = strings.Cut(text, " ")
	}
	if log, err := os.ReadFile(l.log(component)); err == nil {
		const enough = 3000
		text += "\n" + string(log[max(0, len(log)-enough):])
	}
	return strings.TrimSpace(text)
}

// holder says since when a cluster runs and who holds it.
func (l layout) holder() string {
	s, err := readState(l)
	if err != nil {
		return "it is just being started"
	}
	return fmt.Sprintf("held by process %d since %s", s.Keeper, s.Started.Format(time.DateTime))
}
