package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kernelindexer/cli"
	"kernelindexer/indexer"
	"kernelindexer/manifests"
)

// defaultRoot is where the kernels of the centre this program was first made for are mounted.
const defaultRoot = "/sw/icrn/jupyter/icrn_ncsa_resources/Kernels"

// config is what flags and environment set. Not every command has every flag.
type config struct {
	root        string
	outputDir   string
	filter      indexer.Filter
	lister      listerFlag
	conda       string
	condaExe    string
	timeout     time.Duration
	jobs        int
	incremental bool
	atomic      bool
	catalog     bool
	hostRoot    string
	shard       shardFlags
	level       cli.Level
	noProgress  bool
}

// listerFlag is how packages are found: "conda" or "files".
type listerFlag string

// The listers there are.
const (
	listerConda listerFlag = "conda"
	listerFiles listerFlag = "files"
)

// String implements pflag.Value.
func (l *listerFlag) String() string { return string(*l) }

// Type implements pflag.Value.
func (l *listerFlag) Type() string { return "lister" }

// Set implements pflag.Value.
func (l *listerFlag) Set(s string) error {
	switch v := listerFlag(s); v {
	case listerConda, listerFiles:
		*l = v
		return nil
	}
	return fmt.Errorf("%q is neither conda nor files", s)
}

// rootFlags are the flags of every command that works on a repository.
func (c *config) rootFlags(f *pflag.FlagSet) {
	f.StringVar(&c.root, "kernel-root", defaultRoot, "the repository: <Language>/<name>/<version>/conda-meta")
	cli.Env(f, "kernel-root", "KERNEL_ROOT")
	f.StringVar(&c.filter.Language, "language", "", "only kernels of this language, as its directory is spelled")
	cli.Env(f, "language", "LANGUAGE_FILTER")
	c.level = cli.Level(zerolog.InfoLevel)
	c.level = cli.Level(zerolog.InfoLevel)
	f.Var(&c.level, "log-level", "DEBUG, INFO, WARN or ERROR")
	cli.Env(f, "log-level", "LOG_LEVEL")
	f.BoolVar(&c.atomic, "atomic-writes", true, "replace documents by rename; false writes them in place")
	cli.Env(f, "atomic-writes", "ATOMIC_WRITES")
	f.BoolVar(&c.noProgress, "no-progress", false, "no progress bar on a terminal")
	cli.Env(f, "no-progress", "NO_PROGRESS")
}

// outputFlags are the flags of commands that publish the pair.
func (c *config) outputFlags(f *pflag.FlagSet) {
	c.outputDirFlag(f)
	f.BoolVar(&c.catalog, "catalog", false, "also write "+manifests.CatalogName+" into the kernel root")
	cli.Env(f, "catalog", "KERNEL_CATALOG")
	f.StringVar(&c.hostRoot, "kernel-root-host", "", "what the kernel root is called on the users' machines, for the catalog (default: the kernel root)")
	cli.Env(f, "kernel-root-host", "KERNEL_ROOT_HOST")
}

// outputDirFlag is where the documents for readers go.
func (c *config) outputDirFlag(f *pflag.FlagSet) {
	f.StringVar(&c.outputDir, "output-dir", "", "where collated documents and status go (default: the kernel root)")
	cli.Env(f, "output-dir", "OUTPUT_DIR")
}

// listerFlags are the flags of commands that index.
func (c *config) listerFlags(f *pflag.FlagSet) {
	c.lister = listerConda
	f.Var(&c.lister, "lister", "how packages are found: conda (asks \"conda list\") or files (reads the environments, needs no conda)")
	cli.Env(f, "lister", "LISTER")
	f.StringVar(&c.conda, "conda", "auto", "which conda to ask: auto (CONDA_EXE, else conda, mamba, micromamba on PATH), one of these names, or a path")
	cli.Env(f, "conda", "KERNEL_CONDA")
	f.StringVar(&c.condaExe, "conda-exe", "", "the conda that --conda auto takes first")
	cli.Env(f, "conda-exe", "CONDA_EXE")
	f.DurationVar(&c.timeout, "conda-timeout", 2*time.Minute, "how long conda may take for one kernel")
	cli.Env(f, "conda-timeout", "CONDA_TIMEOUT")
	f.Var(newJobs(&c.jobs), "jobs", "how many kernels are indexed side by side")
	cli.Env(f, "jobs", "JOBS")
	f.BoolVar(&c.incremental, "incremental", false, "keep the manifests of kernels whose files did not change")
	cli.Env(f, "incremental", "INCREMENTAL")
}

// kernelFlags pick single kernels.
func (c *config) kernelFlags(f *pflag.FlagSet) {
	f.StringVar(&c.filter.Name, "kernel-name", "", "only kernels of this name")
	cli.Env(f, "kernel-name", "KERNEL_NAME")
	f.StringVar(&c.filter.Version, "kernel-version", "", "only this version; needs --kernel-name")
	cli.Env(f, "kernel-version", "KERNEL_VERSION")
}

// jobsFlag is a number of at least 1.
type jobsFlag struct{ n *int }

func newJobs(n *int) jobsFlag {
	*n = runtime.GOMAXPROCS(0)
	return jobsFlag{n}
}

// String implements pflag.Value.
func (j jobsFlag) String() string {
	if j.n == nil {
		return ""
	}
	return strconv.Itoa(*j.n)
}

// Type implements pflag.Value.
func (j jobsFlag) Type() string { return "int" }

// Set implements pflag.Value.
func (j jobsFlag) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1024 {
		return fmt.Errorf("%q is not a number from 1 to 1024", s)
	}
	*j.n = n
	return nil
}

// check finishes and checks what the flags cannot check one by one.
func (c *config) check(cmd *cobra.Command, _ []string) error {
	if c.filter.Version != "" && c.filter.Name == "" {
		return errors.New("--kernel-version requires --kernel-name")
	}
	if err := c.shard.check(c.filter); err != nil {
		return err
	}
	if c.timeout <= 0 && cmd.Flags().Lookup("conda-timeout") != nil {
		return fmt.Errorf("--conda-timeout %s is not a positive duration such as 90s or 2m", c.timeout)
	}
	for _, dir := range []*string{&c.root, &c.outputDir} {
		if *dir == "" {
			continue
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		*dir = abs
	}
	if c.root == "" {
		return errors.New("--kernel-root is required (or KERNEL_ROOT)")
	}
	return nil
}

func (c *config) mode() manifests.WriteMode {
	if c.atomic {
		return manifests.Atomic
	}
	return manifests.InPlace
}
