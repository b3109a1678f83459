// Command bench measures what the README claims: ratios between this program and what is beside it, in one run on one
// machine, because machines are noisy and figures from different runs do not compare.
//
// It needs the programs built (make build), jq, and for the web server wrk and nginx. It prints a table in Markdown.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if filepath.Base(os.Args[0]) == "conda" {
		os.Exit(standIn(os.Args[1:]))
	}
	b := bench{}
	flag.StringVar(&b.program, "program", "bin/kernel-indexer", "the program to measure")
	flag.StringVar(&b.webProgram, "web", "bin/kernel-web", "the web server to measure")
	flag.StringVar(&b.temp, "temp", os.TempDir(), "where repositories are made; wants 2 GB")
	flag.StringVar(&b.only, "only", "", "one measurement: files, conda, incremental, collate, linear, web, find")
	flag.IntVar(&b.rounds, "rounds", 5, "how often each command is timed; the fastest counts")
	flag.IntVar(&b.many, "many", 10_000, "the number of kernels of a large repository")
	flag.IntVar(&b.seconds, "seconds", 5, "how long each load on the web server lasts")
	flag.StringVar(&b.pair, "pair", "", "directory of the pair that searches are compared with nginx on (default: the sample)")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of the measurements.
type bench struct {
	program, webProgram   string
	temp, only, pair      string
	rounds, many, seconds int
}

func (b *bench) run() (err error) {
	for _, program := range []*string{&b.program, &b.webProgram} {
		if *program, err = filepath.Abs(*program); err != nil {
			return err
		}
		if _, err := os.Stat(*program); err != nil {
			return fmt.Errorf("%w (run make build)", err)
		}
	}
	if b.temp, err = os.MkdirTemp(b.temp, "kernel-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.temp)) }()
	fmt.Println("| what | goal | measured |\n| --- | --- | --- |")
	for _, m := range []struct {
		name    string
		measure func() error
	}{
		{"files", b.files},
		{"conda", b.conda},
		{"incremental", b.incremental},
		{"collate", b.collate},
		{"linear", b.linear},
		{"web", b.web},
		{"find", b.find},
	} {
		if b.only != "" && b.only != m.name {
			continue
		}
		if err := m.measure(); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

func row(what, goal, format string, args ...any) {
	fmt.Printf("| %s | %s | %s |\n", what, goal, fmt.Sprintf(format, args...))
}
