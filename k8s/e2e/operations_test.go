//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kernelindexer/manifests"
)

// kernelsNamespace is for one test at a time: it has the name that k8s/deploy gives it, and its volume, too.
var kernelsNamespace sync.Mutex

// block is a fenced block of the operations page.
type block struct {
	heading string
	line    int // of its first line
	text    string
}

// TestOperationsPageAsItIsWritten executes every block marked "sh", in order, each in a new shell: from nothing to a page
// in a browser, and back to nothing. The first block gets the variables that the page lets be set before, the others
// have to know them from there; all get a port that is free here.
func TestOperationsPageAsItIsWritten(t *testing.T) {
	t.Parallel()
	kernelsNamespace.Lock()
	defer kernelsNamespace.Unlock()
	blocks := readBlocks(t, root+"/docs/operations.md")
	if len(blocks) < 10 {
		t.Fatalf("only %d blocks: is the page still written for this test?", len(blocks))
	}
	s := newRepository(t, "operations")
	s.namespace = "kernels"
	folder := filepath.Join(filepath.Dir(s.repo), "checkout") // as much of one as the page needs
	if err := os.CopyFS(filepath.Join(folder, "k8s/deploy"), os.DirFS(root+"/k8s/deploy")); err != nil {
		t.Fatal(err)
	}
	port := "PORT=" + freePort(t)
	settings := []string{
		"KERNELS=" + s.repo, fmt.Sprintf("KERNELS_UID=%d", indexerUser), fmt.Sprintf("KERNELS_GID=%d", indexerUser),
		"IMAGE_PREFIX=" + imagePrefix, "IMAGE_TAG=" + imageTag,
		"SCHEDULE=0 0 1 1 *", // or it may start beside a Job made by hand, which then meets its lock
	}
	for _, b := range blocks {
		ok := t.Run(b.heading, func(t *testing.T) {
			shell := cluster.Command(t.Context(), "sh", "-eu", "-c", b.text)
			shell.Dir = folder
			shell.Env = append(append(shell.Env, port), settings...)
			out, err := shell.CombinedOutput()
			if err != nil {
				t.Fatalf("operations.md:%d: %v\n%s\n%s", b.line, err, b.text, out)
			}
		})
		if !ok {
			s.explain(t)
			kubectl(t, "delete", "namespace/kernels", "persistentvolume/kernel-repository", "--ignore-not-found")
			break
		}
		settings = nil
	}
	if left := kubectl(t, "get", "namespace/kernels", "persistentvolume/kernel-repository", "--ignore-not-found"); left != "" {
		t.Errorf("after the last block there is:\n%s", left)
	}
	if collated := s.file(t, manifests.CollatedName); !strings.Contains(collated, "tidyverse") {
		t.Error("the repository lost its documents")
	}
}

// readBlocks returns the blocks of a Markdown file that begin with ```sh.
func readBlocks(t *testing.T, file string) (blocks []block) {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	heading, inside, shell := "", false, false
	lines := bufio.NewScanner(text)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
			shell = inside && line == "```sh"
			if shell {
				blocks = append(blocks, block{heading: heading, line: n + 1})
			}
		case shell:
			blocks[len(blocks)-1].text += line + "\n"
		case !inside && strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		}
	}
	if err := lines.Err(); err != nil || inside {
		t.Fatalf("%s: %v, or a block that does not end", file, err)
	}
	return blocks
}

// freePort is a port that nothing listened at a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
