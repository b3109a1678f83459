//go:build browser

package browser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// axePath is where npm puts the checks.
var axePath = filepath.Join("testdata", "axe", "node_modules", "axe-core", "axe.min.js")

// axeSource returns the checks.
func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(axePath)
	if errors.Is(err, os.ErrNotExist) {
		t.Fatal("axe-core is missing: npm ci --prefix webserver/browser/testdata/axe")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// violation is what axe found.
type violation struct {
	ID, Help string
	Nodes    []struct {
		HTML           string
		FailureSummary string
	}
}

// axeRun asks for the rules of WCAG 2.2, levels A and AA, and for axe's own best practices. None of them needs what axe
// would load beforehand.
const axeRun = `axe.run(document, {
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
	resultTypes: ['violations'],
	preload: false,
}).then((r) => ({violations: r.violations, checked: r.passes.length}))`

// violations returns what axe finds on the page.
//
// axe runs in a world of its own beside the page's scripts: it sees the document as it is, the page's policy does not
// apply there, and stays in force for the page. A policy that is switched off for axe would not be tested. With
// JavaScript off axe would wait for its own promises for ever.
func (b *tab) violations(t *testing.T, axe string) []string {
	t.Helper()
	var found struct {
		Violations []violation
		Checked    int
	}
	frame := call(t, b, page.GetFrameTree, cdp.Empty{}).FrameTree.Frame.ID
	world := call(t, b, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: frame, WorldName: "axe"}).ExecutionContextID
	yes := true
	for _, script := range []string{axe, axeRun} {
		answer := call(t, b, runtime.Evaluate, runtime.EvaluateParams{
			Expression: script, ContextID: world, AwaitPromise: &yes, ReturnByValue: &yes,
		})
		if answer.ExceptionDetails != nil {
			t.Fatalf("axe: %s", answer.ExceptionDetails.Text)
		}
		if script == axeRun {
			if err := json.Unmarshal(answer.Result.Value, &found); err != nil {
				t.Fatal(err)
			}
		}
	}
	var troubles []string
	if found.Checked == 0 {
		troubles = append(troubles, "axe checked nothing")
	}
	for _, v := range found.Violations {
		for _, n := range v.Nodes[:min(len(v.Nodes), 3)] {
			troubles = append(troubles, fmt.Sprintf("axe: %s: %s (%d times)\n%s\n%s", v.ID, v.Help, len(v.Nodes), n.HTML, n.FailureSummary))
		}
	}
	return troubles
}
