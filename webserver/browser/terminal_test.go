//go:build browser && screenshots

package browser_test

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kernelindexer/testrepo"
)

// terminal is a shell in a terminal of tmux: what is shown is what a program wrote to a terminal, after all its moves of
// the cursor.
type terminal struct{ socket string }

// newTerminal starts a shell with the built programs and nothing of the environment of whoever makes the pictures.
func newTerminal(t *testing.T, width, height int, environment ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("tmux is missing: apt-get install tmux")
	}
	home := t.TempDir()
	term := &terminal{socket: filepath.Join(home, "tmux")}
	path := filepath.Dir(program(t, "kernels")) + ":" + os.Getenv("PATH")
	shell := append([]string{"env", "-i", "HOME=" + home, "PATH=" + path, "LANG=C.UTF-8", "TERM=tmux-256color", "PS1=$ "}, environment...)
	size := []string{"-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	term.tmux(t, append(append(append([]string{"new-session", "-d"}, size...), shell...), "bash", "--norc", "--noprofile")...)
	t.Cleanup(func() { term.tmux(t, "kill-server") })
	term.until(t, `^\$ ?$`)
	return term
}

func (m *terminal) tmux(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", m.socket, "-f", os.DevNull}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// keys presses keys, in tmux's names for those that have no character.
func (m *terminal) keys(t *testing.T, names ...string) {
	t.Helper()
	m.tmux(t, append([]string{"send-keys"}, names...)...)
}

// line types a line.
func (m *terminal) line(t *testing.T, text string) {
	t.Helper()
	m.tmux(t, "send-keys", "-l", text)
	m.keys(t, "Enter")
}

// screen is what is shown now, with its colours.
func (m *terminal) screen(t *testing.T) string {
	t.Helper()
	return strings.TrimRight(m.tmux(t, "capture-pane", "-e", "-p"), "\n")
}

// until waits for a text that matches, and returns the screen.
func (m *terminal) until(t *testing.T, pattern string) string {
	t.Helper()
	want := regexp.MustCompile(pattern)
	screen := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		screen = m.screen(t)
		if want.MatchString(escape.ReplaceAllString(screen, "")) {
			return screen
		}
	}
	t.Fatalf("the terminal does not show %s:\n%s", pattern, screen)
	return ""
}

// escape is a sequence that sets how text looks; tmux shows no others.
var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// styled turns the colours of a terminal into markup.
func styled(screen string) string {
	var out strings.Builder
	classes := map[string]bool{}
	for {
		at := escape.FindStringSubmatchIndex(screen)
		if at == nil {
			break
		}
		out.WriteString(span(screen[:at[0]], classes))
		for code := range strings.SplitSeq(screen[at[2]:at[3]], ";") {
			setStyle(classes, code)
		}
		screen = screen[at[1]:]
	}
	return out.String() + span(screen, classes)
}

// setStyle takes the codes of ECMA-48 that our programs and jq use: bold, faint, reverse, and the sixteen colours.
func setStyle(classes map[string]bool, code string) {
	n, _ := strconv.Atoi(cmp.Or(code, "0")) // the expression admits digits alone
	switch {
	case n == 0:
		clear(classes)
	case n == 1, n == 2, n == 4, n == 7:
		classes["s"+code] = true
	case n == 22:
		delete(classes, "s1")
		delete(classes, "s2")
	case n >= 30 && n <= 39, n >= 90 && n <= 97:
		for c := range classes {
			if strings.HasPrefix(c, "c") {
				delete(classes, c)
			}
		}
		classes["c"+code] = n != 39
	}
}

func span(text string, classes map[string]bool) string {
	var names []string
	for name, on := range classes {
		if on {
			names = append(names, name)
		}
	}
	return fmt.Sprintf("<span class=%q>%s</span>", strings.Join(names, " "), html.EscapeString(text))
}

// terminalPage shows a terminal in the colours that most have.
const terminalPage = `<!doctype html><html lang="en"><head><title>Terminal</title><style>
body { margin: 0; background: #1e1e1e; color: #d4d4d4; display: inline-block }
pre { margin: 0; padding: 16px 20px; font: 15px/1.35 'DejaVu Sans Mono', monospace }
.s1 { font-weight: bold } .s2 { opacity: .65 } .s4 { text-decoration: underline } .s7 { background: #d4d4d4; color: #1e1e1e }
.c30 { color: #666 } .c31, .c91 { color: #f14c4c } .c32, .c92 { color: #23d18b } .c33, .c93 { color: #e5e510 }
.c34, .c94 { color: #6cb6ff } .c35, .c95 { color: #d670d6 } .c36, .c96 { color: #29b8db } .c37, .c97 { color: #fff } .c90 { color: #8a8a8a }
</style></head><body><pre>%s</pre></body></html>`

// shoot takes a picture of a screen.
func (p pictures) shoot(t *testing.T, b *tab, of picture, screen string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, terminalPage, styled(screen))
	}))
	defer server.Close()
	b.resize(t, desk.width, height)
	b.open(t, server.URL, "/", http.StatusOK)
	b.resize(t, ask[int64](t, b, "Math.ceil(document.body.getBoundingClientRect().width)"),
		ask[int64](t, b, "Math.ceil(document.body.getBoundingClientRect().height)"))
	of.window = true
	p.save(t, b, of)
}

// bashCompletion is what completions in bash are built upon.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// What the commands show, in colour and without, to programs, and while they work.
func TestTerminalScreenshots(t *testing.T) {
	c, folder, from := newChrome(t), newPictures(t), "KERNELS_FROM="+repository(t)
	b := c.newTab(t, desk)
	const question = "kernels find 'sf>=1.0' 'Rcpp>=1.0.12'"
	t.Run("find", func(t *testing.T) {
		term := newTerminal(t, 96, 14, from)
		term.line(t, question)
		screen := term.until(t, `(?s)Rcpp 1\.0\.11 does not satisfy.*\n\$ ?$`)
		if !strings.Contains(screen, "\x1b[") {
			t.Error("no colours")
		}
		folder.shoot(t, b, picture{name: "20-terminal-find", readme: true}, screen)
	})
	t.Run("find without colours", func(t *testing.T) {
		term := newTerminal(t, 96, 14, from, "NO_COLOR=1")
		term.line(t, question)
		screen := term.until(t, `(?s)Rcpp 1\.0\.11 does not satisfy.*\n\$ ?$`)
		if strings.Contains(screen, "\x1b[") {
			t.Errorf("colours in spite of NO_COLOR: %q", screen)
		}
		folder.shoot(t, b, picture{name: "21-terminal-no-color"}, screen)
	})
	t.Run("json", func(t *testing.T) {
		term := newTerminal(t, 120, 14, from)
		term.line(t, question+" --json | jq '.matches[].packages[0], .near_misses[].missing[].reason'")
		folder.shoot(t, b, picture{name: "22-terminal-json"}, term.until(t, `(?s)"1\.0-20".*"Rcpp 1\.0\.11 does not.*\n\$ ?$`))
	})
	t.Run("completion", func(t *testing.T) {
		if _, err := os.Stat(bashCompletion); err != nil {
			t.Fatal("bash-completion is missing: apt-get install bash-completion")
		}
		term := newTerminal(t, 96, 12, from)
		term.line(t, "source "+bashCompletion+"; source <(kernels completion bash); clear")
		term.until(t, `^\$ ?$`)
		term.tmux(t, "send-keys", "-l", "kernels show R/")
		term.keys(t, "Tab", "Tab")
		folder.shoot(t, b, picture{name: "23-terminal-completion"}, term.until(t, `(?s)R/Rbioconductor/3\.20.*R/pecan/1\.91`))
	})
}

// The indexer shows how far it is on a terminal, and writes plain lines into a pipe.
func TestProgressScreenshots(t *testing.T) {
	root := filepath.Join(t.TempDir(), "kernels")
	spec := testrepo.DefaultSpec()
	spec.Kernels, spec.Packages, spec.MetaBytes, spec.Language, spec.Share = 120, 60, 300_000, "mixed", true
	if err := testrepo.Generate(root, spec); err != nil {
		t.Fatal(err)
	}
	c, folder := newChrome(t), newPictures(t)
	b := c.newTab(t, desk)
	term := newTerminal(t, 130, 12, "KERNEL_ROOT="+root, "LISTER=files", "JOBS=1")
	term.line(t, "kernel-indexer run")
	folder.shoot(t, b, picture{name: "24-terminal-progress"}, term.until(t, `[2-8][0-9]%`))
	term.until(t, `\n\$ ?$`)
	term.line(t, "clear; kernel-indexer run --incremental 2>&1 | tail -n 4")
	screen := term.until(t, `(?s)"done".*\n\$ ?$`)
	if strings.Contains(screen, "\x1b[") || strings.Contains(screen, "%") {
		t.Errorf("colours or progress in a pipe: %q", screen)
	}
	folder.shoot(t, b, picture{name: "25-terminal-pipe"}, screen)
}
