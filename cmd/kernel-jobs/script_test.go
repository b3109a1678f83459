package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"kernelindexer/cli/clitest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kernel-jobs": func() { os.Exit(run()) },
	})
}

// TestScripts runs the program as its users do: one script a rule, see testdata/script. $EXAMPLE is the example of an
// environment, PYTHON a Python that is itself, not the script that some have in its place.
func TestScripts(t *testing.T) {
	example, err := filepath.Abs("../../examples/environment")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each process sleeps a second at its end
			env.Setenv("HOME", os.Getenv("HOME"))     // where pyenv keeps its Pythons
			env.Setenv("EXAMPLE", example)
			env.Setenv("PYTHONDONTWRITEBYTECODE", "1")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": clitest.Exits,
		},
	})
}
