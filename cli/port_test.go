package cli_test

import (
	"testing"

	"kernelindexer/cli"
)

func TestPortIsANumberOrOff(t *testing.T) {
	for text, want := range map[string]cli.Port{"0": 0, "8000": 8000, "65535": 65535, "off": cli.NoPort} {
		p := cli.Port(1)
		if err := (cli.OptionalPort{Port: &p}).Set(text); err != nil || p != want {
			t.Errorf("%q: %d, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "-1", "65536", "x", "Off", "8000 ", "0x10", "+1"} {
		p := cli.Port(1)
		if err := (cli.OptionalPort{Port: &p}).Set(text); err == nil || p != 1 {
			t.Errorf("%q was taken for port %d", text, p)
		}
	}
	p := cli.Port(1)
	if p.Set("off") == nil {
		t.Error("a port that has to be is off")
	}
}
