package suite

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Page is a page of the documentation whose blocks marked "sh" are commands. Each is executed in a shell of its own, in
// order, in one folder.
type Page struct {
	File string
	// Folder is where a reader is: as much of a checkout as the page needs.
	Folder string
	// Shell is how a shell is started that knows the cluster.
	Shell func(args ...string) *exec.Cmd
	// First are the variables that the page lets a reader set before its first block, and Always those of a machine.
	First, Always []string
	// Variables are set before the first block of a heading only.
	Variables map[string][]string
	// After looks at what is there after the last block of a heading.
	After map[string]func(t *testing.T)
	// Failed is called where a block fails; those after it are not executed.
	Failed func()
}

// block is one of them.
type block struct {
	heading string
	line    int // of its first line
	text    string
}

// Execute executes the blocks, each as a test of the name of its heading. There must be as many as least.
func (p Page) Execute(t *testing.T, least int) {
	t.Helper()
	blocks := p.blocks(t)
	if len(blocks) < least {
		t.Fatalf("only %d blocks: is the page still written for this test?", len(blocks))
	}
	once := p.First
	for i, b := range blocks {
		if i == 0 || b.heading != blocks[i-1].heading {
			once = append(once, p.Variables[b.heading]...)
		}
		ok := t.Run(b.heading, func(t *testing.T) {
			p.execute(t, b, once)
			if check := p.After[b.heading]; check != nil && (i+1 == len(blocks) || blocks[i+1].heading != b.heading) {
				check(t)
			}
		})
		if !ok {
			p.Failed()
			return
		}
		once = nil
	}
}

func (p Page) execute(t *testing.T, b block, variables []string) {
	t.Helper()
	shell := p.Shell("sh", "-eu", "-c", b.text)
	shell.Dir = p.Folder
	shell.Env = append(append(shell.Environ(), p.Always...), variables...)
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s:%d: %v\n%s\n%s", filepath.Base(p.File), b.line, err, b.text, out)
	}
	t.Logf("%s", out)
}

// blocks returns the blocks of a Markdown file that begin with ```sh.
func (p Page) blocks(t *testing.T) (blocks []block) {
	t.Helper()
	text, err := os.Open(p.File)
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
			blocks[len(blocks)-1].text += fmt.Sprintln(line)
		case !inside && strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		}
	}
	if err := lines.Err(); err != nil || inside {
		t.Fatalf("%s: %v, or a block that does not end", p.File, err)
	}
	return blocks
}

// FreePort is a port of this machine that nothing listened at a moment ago.
func FreePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}
