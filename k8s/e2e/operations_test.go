//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kernelindexer/k8s/e2e/suite"
	"kernelindexer/manifests"
)

// kernelsNamespace is for one test at a time: it has the name that k8s/deploy gives it, and its volume, too.
var kernelsNamespace sync.Mutex

// TestOperationsPageAsItIsWritten executes every block marked "sh", in order, each in a new shell: from nothing to a page
// in a browser, and back to nothing. The first block gets the variables that the page lets be set before, the others
// have to know them from there; all get a port that is free here.
func TestOperationsPageAsItIsWritten(t *testing.T) {
	t.Parallel()
	kernelsNamespace.Lock()
	defer kernelsNamespace.Unlock()
	s := newRepository(t, "operations")
	s.namespace = "kernels"
	folder := filepath.Join(filepath.Dir(s.repo), "checkout") // as much of one as the page needs
	if err := os.CopyFS(filepath.Join(folder, "k8s/deploy"), os.DirFS(root+"/k8s/deploy")); err != nil {
		t.Fatal(err)
	}
	suite.Page{
		File: root + "/docs/operations.md", Folder: folder,
		Shell:  func(args ...string) *exec.Cmd { return cluster.Command(t.Context(), args[0], args[1:]...) },
		Always: []string{"PORT=" + suite.FreePort(t)},
		First: []string{
			"KERNELS=" + s.repo, fmt.Sprintf("KERNELS_UID=%d", indexerUser), fmt.Sprintf("KERNELS_GID=%d", indexerUser),
			"IMAGE_PREFIX=" + imagePrefix, "IMAGE_TAG=" + imageTag,
			"SCHEDULE=0 0 1 1 *", // or it may start beside a Job made by hand, which then meets its lock
		},
		Failed: func() {
			s.explain(t)
			kubectl(t, "delete", "namespace/kernels", "persistentvolume/kernel-repository", "--ignore-not-found")
		},
	}.Execute(t, 10)
	if left := kubectl(t, "get", "namespace/kernels", "persistentvolume/kernel-repository", "--ignore-not-found"); left != "" {
		t.Errorf("after the last block there is:\n%s", left)
	}
	if collated := s.file(t, manifests.CollatedName); !strings.Contains(collated, "tidyverse") {
		t.Error("the repository lost its documents")
	}
}
