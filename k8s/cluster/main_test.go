package main

import (
	"bytes"
	"strings"
	"testing"

	"kernelindexer/k8s/cluster/onenode"
)

func TestCommandLine(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string // on standard error
	}{
		{nil, 2, "usage:"},
		{[]string{"--help"}, 0, "usage:"},
		{[]string{"down", "--help"}, 0, "usage:"},
		{[]string{"start"}, 2, "usage:"},
		{[]string{"up", "more"}, 2, "usage:"},
		{[]string{"load-image"}, 2, "usage:"},
		{[]string{"down", "--force"}, 2, "not defined"},
		{[]string{"down", "--name", "no-such-cluster"}, 1, "no such cluster: no-such-cluster"},
		{[]string{"env", "--name", "no-such-cluster"}, 1, "no such cluster: no-such-cluster"},
		{[]string{"load-image", "--name", "no-such-cluster", "x.tar"}, 1, "no such cluster"},
		{[]string{"down", "--name", "../etc"}, 1, "lower-case letters"},
		{[]string{"up"}, 1, "main is not onenode.Main"}, // as here: no process may be started again as another program
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := run(t.Context(), onenode.Self{}, tt.args, &out, &errOut)
			if code != tt.code || !strings.Contains(errOut.String(), tt.want) || out.Len() > 0 {
				t.Errorf("exit code %d, want %d; %q on standard error, want %q; on standard output %q", code, tt.code, &errOut, tt.want, &out)
			}
		})
	}
}

func TestEnvIsQuotedForAShell(t *testing.T) {
	var out bytes.Buffer
	if err := printEnv(&out, []string{"A=b c=d", "E=it's"}); err != nil {
		t.Fatal(err)
	}
	if want := "export A='b c=d'\nexport E='it'\\''s'\n"; out.String() != want {
		t.Errorf("%q, want %q", &out, want)
	}
}
