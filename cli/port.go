package cli

import (
	"fmt"
	"strconv"
)

// Port is a flag's number of a port, 0 to 65535.
type Port int

// NoPort is a port that was switched off, see [OptionalPort]: the number that serve.NoMetrics and service.NoMetrics are.
const NoPort Port = -1

// String implements pflag.Value.
func (p *Port) String() string { return strconv.Itoa(int(*p)) }

// Type implements pflag.Value.
func (p *Port) Type() string { return "port" }

// Set implements pflag.Value.
func (p *Port) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not a port from 0 to 65535", s)
	}
	*p = Port(n)
	return nil
}

// OptionalPort is the flag of a port that "off" makes NoPort.
type OptionalPort struct{ *Port }

// Set implements pflag.Value.
func (o OptionalPort) Set(s string) error {
	if s == "off" {
		*o.Port = NoPort
		return nil
	}
	return o.Port.Set(s)
}
