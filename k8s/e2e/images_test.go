//go:build e2e

package e2e

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/k8s/e2e/suite"
)

// images are archives with the images that `make images` makes.
type images struct{ indexer, web, jobs string }

// The names that the component "local" of k8s/deploy expects.
const (
	imagePrefix = "docker.io/local"
	imageTag    = "dev"
)

// base is the image that kernel-indexer's is built upon.
const base = `FROM scratch
COPY conda /usr/local/bin/conda
`

// buildImages makes the base image and calls `make images`, as an administrator would where no registry is in reach.
// buildah keeps what it keeps in scratch.
func buildImages(ctx context.Context, scratch string) (images, error) {
	folder := filepath.Join(scratch, "base")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return images{}, err
	}
	if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte(base), 0o644); err != nil {
		return images{}, err
	}
	conda := filepath.Join(folder, "conda")
	if err := suite.Execute(ctx, root, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", conda, "./k8s/e2e/conda"); err != nil {
		return images{}, err
	}
	buildah, err := suite.NewBuildah(scratch)
	if err != nil {
		return images{}, err
	}
	if err := buildah.Build(ctx, "localhost/base", filepath.Join(scratch, "base.tar"), folder); err != nil {
		return images{}, err
	}
	if err := suite.Execute(ctx, root, buildah.Env, "make", "images", "IMAGES_FROM=bin", "IMAGE_PREFIX="+imagePrefix, "IMAGE_TAG="+imageTag,
		"INDEXER_BASE_IMAGE=localhost/base", "WEB_BASE_IMAGE=scratch", "BUILDER=buildah"); err != nil {
		return images{}, err
	}
	out := images{filepath.Join(scratch, "indexer.tar"), filepath.Join(scratch, "web.tar"), filepath.Join(scratch, "jobs.tar")}
	for program, archive := range map[string]string{"kernel-indexer": out.indexer, "kernel-web": out.web, "kernel-jobs": out.jobs} {
		if err := buildah.Save(ctx, imagePrefix+"/"+program+":"+imageTag, archive); err != nil {
			return images{}, err
		}
	}
	return out, nil
}

// root is the root of the repository, seen from the folder of this package, where tests run.
const root = "../.."

// imageConfig is what an image says of itself.
type imageConfig struct {
	Config struct {
		User         string
		Entrypoint   []string
		Cmd          []string
		WorkingDir   string
		ExposedPorts map[string]struct{}
		Labels       map[string]string
		Env          []string
	} `json:"config"`
}

// TestImagesHoldOneProgramAndNoTool looks into the images: nothing that builds, nothing that installs, no shell, and a
// user that Kubernetes can see not to be root.
func TestImagesHoldOneProgramAndNoTool(t *testing.T) {
	t.Parallel()
	tests := []struct {
		program, archive string
		base             []string // files of the base image
		cmd              []string
		ports            []string
	}{
		{"kernel-indexer", built.indexer, []string{"usr/local/bin/conda"}, []string{"run"}, nil},
		{"kernel-web", built.web, nil, nil, []string{"8000/tcp", "9090/tcp"}},
		{"kernel-jobs", built.jobs, nil, []string{"serve"}, []string{"8000/tcp", "9090/tcp"}},
	}
	for _, tt := range tests {
		t.Run(tt.program, func(t *testing.T) {
			config, files := readImage(t, tt.archive)
			binary := "usr/local/bin/" + tt.program
			want := slices.Sorted(slices.Values(append(tt.base, binary)))
			if diff := cmp.Diff(want, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			c := config.Config
			if diff := cmp.Diff([]string{"/" + binary}, c.Entrypoint); diff != "" {
				t.Errorf("entry point (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.cmd, c.Cmd); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
			if c.User != "65532:65532" {
				t.Errorf("user is %q, want numbers that are not root's", c.User)
			}
			ports := []string(nil)
			for port := range c.ExposedPorts {
				ports = append(ports, port)
			}
			slices.Sort(ports)
			if diff := cmp.Diff(tt.ports, ports); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
			for _, label := range []string{"title", "description", "licenses", "version", "revision"} {
				if c.Labels["org.opencontainers.image."+label] == "" {
					t.Errorf("no label %s in %v", label, c.Labels)
				}
			}
		})
	}
}

// TestSameCommitMakesTheSameImages builds all once more, with other temporary folders and at another time.
func TestSameCommitMakesTheSameImages(t *testing.T) {
	t.Parallel()
	again, err := buildImages(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{built.indexer, again.indexer}, {built.web, again.web}, {built.jobs, again.jobs}} {
		if first, second := fileDigest(t, pair[0]), fileDigest(t, pair[1]); first != second {
			t.Errorf("%s: sha256 %s, then %s", filepath.Base(pair[0]), first, second)
		}
	}
}

func fileDigest(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// TestProgramsOfTheImagesRun starts both in a cluster, as restricted as in k8s/deploy, with the command that needs
// nothing.
func TestProgramsOfTheImagesRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, "version", siteOptions{})
	for _, program := range []string{"kernel-indexer", "kernel-web"} {
		config, _ := readImage(t, map[string]string{"kernel-indexer": built.indexer, "kernel-web": built.web}[program])
		overrides := `{"spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
			"containers": [{"name": "version", "image": "` + imagePrefix + "/" + program + ":" + imageTag + `",
			"args": ["version"], "imagePullPolicy": "Never", "securityContext": {"allowPrivilegeEscalation": false,
			"readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}}}]}}`
		name := "version-" + program
		s.kubectl(t, "run", name, "--image=none", "--restart=Never", "--overrides="+overrides)
		s.kubectl(t, "wait", "pod/"+name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
		want := config.Config.Labels["org.opencontainers.image.version"]
		if got := s.kubectl(t, "logs", name); !strings.Contains(got, want) {
			t.Errorf("%s: version %q, want the label's %s", program, got, want)
		}
	}
}

// readImage returns the configuration of the only image in an archive, and the regular files of its layers.
func readImage(t *testing.T, archive string) (config imageConfig, files []string) {
	t.Helper()
	parts := map[string][]byte{}
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	eachEntry(t, file, func(h *tar.Header, data []byte) { parts[h.Name] = data })
	var manifest []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(parts["manifest.json"], &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("manifest of %d images: %v", len(manifest), err)
	}
	if err := json.Unmarshal(parts[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest[0].Layers {
		eachEntry(t, strings.NewReader(string(parts[layer])), func(h *tar.Header, _ []byte) {
			if h.Typeflag != tar.TypeDir {
				files = append(files, path.Clean(h.Name))
			}
		})
	}
	slices.Sort(files)
	return config, files
}

func eachEntry(t *testing.T, from io.Reader, do func(*tar.Header, []byte)) {
	t.Helper()
	for archive := tar.NewReader(from); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		do(header, data)
	}
}
