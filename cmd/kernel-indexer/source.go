package main

import (
	"context"
	"os/exec"

	"github.com/rs/zerolog"

	"kernelindexer/condaenv"
	"kernelindexer/condaenv/condacmd"
	"kernelindexer/condaenv/sandbox"
	"kernelindexer/indexer"
	"kernelindexer/rootfs"
)

// source returns the lister that the flags ask for.
func (p *program) source(c *config, log zerolog.Logger) indexer.Source {
	if c.lister == listerConda {
		return &condaSource{cfg: c, lookup: p.lookup, self: p.self, log: log}
	}
	return filesSource{}
}

// filesSource reads the files of the prefixes.
type filesSource struct{}

// Name implements indexer.Source.
func (filesSource) Name() string { return string(listerFiles) }

// Find implements indexer.Source: nothing is needed.
func (filesSource) Find() error { return nil }

// Lister implements indexer.Source.
func (filesSource) Lister(_ context.Context, root *rootfs.FS) indexer.Lister {
	return condaenv.NewFiles(root, root.HostPath("."))
}

// condaSource asks a conda.
type condaSource struct {
	cfg    *config
	lookup func(string) (string, bool)
	self   sandbox.Self
	log    zerolog.Logger
	exe    string
}

// Name implements indexer.Source.
func (s *condaSource) Name() string { return string(listerConda) }

// Find implements indexer.Source.
func (s *condaSource) Find() (err error) {
	getenv := func(name string) string {
		if name == "CONDA_EXE" {
			return s.cfg.condaExe // the flag, which the variable sets
		}
		value, _ := s.lookup(name)
		return value
	}
	s.exe, err = condacmd.Find(s.cfg.conda, getenv, exec.LookPath)
	return err
}

// Lister implements indexer.Source. conda runs in the strongest box this machine has, or under guard.
func (s *condaSource) Lister(ctx context.Context, root *rootfs.FS) indexer.Lister {
	command := &condacmd.Lister{
		Exe: s.exe, Box: s.self.Probe(ctx), Timeout: s.cfg.timeout, Dir: root.HostPath("."),
		Log: func(message string) { s.log.Debug().Msg(message) },
	}
	s.log.Debug().Str("conda", s.exe).Str("protection", command.Protection()).Msg("lister")
	if caveat := command.Caveat(); caveat != "" {
		s.log.Warn().Str("conda", s.exe).Msg(caveat)
	}
	return &condaenv.Conda{Command: command, HostPath: root.HostPath}
}
