package main

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kernelindexer/cli/clitest"
	"kernelindexer/manifests"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kernels": func() { os.Exit(run()) }})
}

// TestScripts runs the command as its users do: one script a rule, see testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each process sleeps a second at its end
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": clitest.Exits,
			"publish": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(publish(ts.MkAbs(args[0]), ts.ReadFile(args[1])))
			},
		},
	})
}

// publish writes the pair of the kernels that a text describes, in their order:
//
//	R/pecan/1.91 4.4.3 a description
//	sf 1.0-20 r
//	r-sf 1.0_20 conda r44_0 conda-forge
//
// Words may be quoted as in Go, for names that a text cannot have.
func publish(dir, text string) error {
	kernels, err := parseKernels(text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	d, err := manifests.OpenDir(dir, manifests.Atomic)
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Publish(context.Background(), func(yield func(manifests.Entry, error) bool) {
		for _, m := range kernels {
			if !yield(manifests.NewEntry(m), nil) {
				return
			}
		}
	}, time.Date(2026, 1, 31, 4, 5, 6, 0, time.UTC), manifests.Publication{
		Collated: manifests.CollatedName, Index: manifests.PackageIndexName,
	})
	return err
}

func parseKernels(text string) (kernels []manifests.Manifest, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		for i, w := range words {
			if strings.HasPrefix(w, `"`) {
				if words[i], err = strconv.Unquote(w); err != nil {
					return nil, err
				}
			}
		}
		if len(words) == 0 {
			continue
		}
		if path := strings.Split(words[0], "/"); len(path) == 3 {
			kernels = append(kernels, manifests.Manifest{
				Language: path[0], KernelName: path[1], KernelVersion: path[2], LanguageVersion: words[1],
				IndexedDate: "2026-01-31T04:00:00Z", Fingerprint: "v1:" + words[0],
				KernelInfo: manifests.KernelInfo{Description: strings.Join(words[2:], " ")},
			})
			continue
		}
		pkg := manifests.Package{Name: words[0], Version: words[1], Source: manifests.Source(words[2])}
		if len(words) > 4 {
			pkg.Build, pkg.Channel = words[3], words[4]
		}
		last := &kernels[len(kernels)-1]
		last.Packages = append(last.Packages, pkg)
	}
	return kernels, lines.Err()
}
