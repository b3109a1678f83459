package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
	"github.com/spf13/pflag"

	"kernelindexer/cli"
)

// options are the flags of every command.
type options struct {
	from       string
	timeout    time.Duration
	output     format
	json       bool
	jq         jqFlag
	color      cli.ColorMode
	useCommand string
}

// flags defines the flags with their variables.
func (o *options) flags(f *pflag.FlagSet) {
	f.StringVarP(&o.from, "from", "f", "", "directory of the published documents, or address of a kernel-web server")
	cli.Env(f, "from", "KERNELS_FROM", "KERNEL_ROOT")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "how long a server may take to send the documents")
	cli.Env(f, "timeout", "KERNELS_TIMEOUT")
	o.output = formatTable
	f.VarP(&o.output, "output", "o", strings.Join(formats, ", "))
	cli.Env(f, "output", "KERNELS_OUTPUT")
	f.BoolVar(&o.json, "json", false, "the same as --output json")
	cli.Env(f, "json", "KERNELS_JSON")
	f.Var(&o.jq, "jq", "a jq expression to run on the JSON; strings are printed as they are")
	cli.Env(f, "jq", "KERNELS_JQ")
	o.color = cli.ColorAuto
	f.Var(&o.color, "color", strings.Join(cli.ColorModes(), ", ")+"; auto heeds NO_COLOR")
	cli.Env(f, "color", "KERNELS_COLOR")
	f.StringVar(&o.useCommand, "use-command", "icrn_manager kernels use {language} {name} {version}",
		"the command that activates a kernel at this site; empty shows none")
	cli.Env(f, "use-command", "KERNELS_USE_COMMAND")
}

// check finishes and checks what the flags cannot check one by one.
func (o *options) check() error {
	if o.timeout <= 0 {
		return usage("--timeout %s is not a positive duration such as 30s or 2m", o.timeout)
	}
	if o.json || o.jq.code != nil {
		if o.output != formatTable && o.output != formatJSON {
			return usage("--output %s does not go with --json or --jq", o.output)
		}
		o.output = formatJSON
	}
	return nil
}

// objects reports whether the user is a program that reads JSON, also where the flags were not checked yet.
func (o *options) objects() bool { return o.json || o.jq.code != nil || o.output == formatJSON }

// format is the value of --output.
type format string

// The formats there are.
const (
	formatTable format = "table"
	formatWide  format = "wide"
	formatJSON  format = "json"
	formatYAML  format = "yaml"
	formatCSV   format = "csv"
)

var formats = []string{string(formatTable), string(formatWide), string(formatJSON), string(formatYAML), string(formatCSV)}

// String implements pflag.Value.
func (f *format) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *format) Type() string { return "format" }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(formats, ", "))
	}
	*f = format(s)
	return nil
}

// jqFlag is a jq expression, compiled as it is given.
type jqFlag struct {
	text string
	code *gojq.Code
}

// String implements pflag.Value.
func (j *jqFlag) String() string { return j.text }

// Type implements pflag.Value.
func (j *jqFlag) Type() string { return "jq" }

// Set implements pflag.Value.
func (j *jqFlag) Set(text string) error {
	query, err := parseJQ(text)
	if err != nil {
		return err
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return notJQ(text, err)
	}
	j.text, j.code = text, code
	return nil
}

// parseJQ reads a jq expression.
func parseJQ(text string) (*gojq.Query, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, notJQ(text, err)
	}
	return query, nil
}

// notJQ says what is wrong with an expression, and where.
func notJQ(text string, err error) error {
	var at *gojq.ParseError
	if errors.As(err, &at) {
		return fmt.Errorf("not a jq expression: %s: %w at byte %d", text, err, at.Offset)
	}
	return fmt.Errorf("not a jq expression: %s: %w", text, err)
}

// countFlag is a number of at least 0.
type countFlag struct {
	*int
}

// String implements pflag.Value.
func (c countFlag) String() string {
	if c.int == nil {
		return ""
	}
	return fmt.Sprint(*c.int)
}

// Type implements pflag.Value.
func (c countFlag) Type() string { return "n" }

// Set implements pflag.Value.
func (c countFlag) Set(s string) error {
	var n int
	if _, err := fmt.Sscanf(s+"\n", "%d\n", &n); err != nil || n < 0 || n > 1<<30 {
		return fmt.Errorf("%q is not a number from 0 up", s)
	}
	*c.int = n
	return nil
}
