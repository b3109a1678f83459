package cli_test

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"kernelindexer/cli"
)

// TestFlagsBeatTheEnvironment: the command line, then the variable, then the default; an empty variable is none.
func TestFlagsBeatTheEnvironment(t *testing.T) {
	tests := map[string]struct {
		args      []string
		env, want string
	}{
		"default":        {nil, "", "d"},
		"variable":       {nil, "v", "v"},
		"flag":           {[]string{"--name", "f"}, "v", "f"},
		"empty flag":     {[]string{"--name="}, "v", ""},
		"empty variable": {[]string{}, "", "d"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := pflag.NewFlagSet("", pflag.ContinueOnError)
			got := f.String("name", "d", "a name")
			cli.Env(f, "name", "NAME")
			if err := f.Parse(test.args); err != nil {
				t.Fatal(err)
			}
			if err := cli.ApplyEnv(f, func(string) (string, bool) { return test.env, true }); err != nil {
				t.Fatal(err)
			}
			if *got != test.want {
				t.Errorf("got %q, want %q", *got, test.want)
			}
			if usage := f.Lookup("name").Usage; usage != "a name [env: NAME]" {
				t.Errorf("usage %q", usage)
			}
		})
	}
}

func TestBadVariableIsNamed(t *testing.T) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.Int("jobs", 1, "")
	cli.Env(f, "jobs", "JOBS")
	err := cli.ApplyEnv(f, func(string) (string, bool) { return "many", true })
	if err == nil || !strings.Contains(err.Error(), "environment variable JOBS") {
		t.Errorf("got %v", err)
	}
}
