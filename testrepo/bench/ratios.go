package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"kernelindexer/condaenv"
	"kernelindexer/rootfs"
	"kernelindexer/testrepo"
)

const heavy = 8 << 20 // bytes of conda-meta of a kernel

// files compares the files lister with reading the same bytes.
func (b *bench) files() error {
	root, err := b.repository("files", 20, heavy)
	if err != nil {
		return err
	}
	list, size, err := records(root)
	if err != nil {
		return err
	}
	reading, err := fastest(b.rounds, cat(list))
	if err != nil {
		return err
	}
	listing, err := b.list(root)
	if err != nil {
		return err
	}
	indexing, err := fastest(b.rounds, b.indexer(root, "index", "--lister", "files"))
	if err != nil {
		return err
	}
	mb := float64(size) / 1e6
	row("files lister, 20 kernels of 300 packages ("+fmt.Sprintf("%.0f MB", mb)+"), against cat", "2 x",
		"%.2f x (%v against %v; %.0f MB/s)", ratio(listing, reading.wall), ms(listing), ms(reading.wall), mb/listing.Seconds())
	row("the same as a whole: `index --lister files`, manifests written and synced", "",
		"%.2f x (%v)", ratio(indexing.wall, reading.wall), ms(indexing.wall))
	return nil
}

// list lists all kernels of a repository within this process, on all cores, and returns the time of the fastest round.
func (b *bench) list(root string) (best time.Duration, err error) {
	fsys, err := rootfs.Open(root)
	if err != nil {
		return 0, err
	}
	defer fsys.Close()
	kernels, err := kernelsOf(root)
	if err != nil {
		return 0, err
	}
	for range b.rounds {
		lister := condaenv.NewFiles(fsys, root)
		start := time.Now()
		group, ctx := errgroup.WithContext(context.Background())
		group.SetLimit(runtime.GOMAXPROCS(0))
		for _, k := range kernels {
			group.Go(func() error {
				prefix, err := filepath.Rel(root, k)
				if err != nil {
					return err
				}
				_, err = lister.List(ctx, prefix)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return 0, err
		}
		if d := time.Since(start); best == 0 || d < best {
			best = d
		}
	}
	return best, nil
}

// kernelsOf returns the prefixes of a repository.
func kernelsOf(root string) ([]string, error) {
	kernels, err := filepath.Glob(filepath.Join(root, "*", "*", "*", "conda-meta"))
	for i, k := range kernels {
		kernels[i] = filepath.Dir(k)
	}
	return kernels, err
}

// conda weighs what the program uses beside the conda processes it starts. The stand-in uses the CPU that a real conda
// needs for such a kernel; what it takes in all, its start included, is measured by calling it directly.
func (b *bench) conda() error {
	root, err := b.repository("conda", 20, 1<<20)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Join(b.temp, "bin")
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.Symlink(exe, filepath.Join(bin, "conda"))); err != nil {
		return err
	}
	best, err := fastest(b.rounds, b.indexer(root, "index", "--conda", filepath.Join(bin, "conda")))
	if err != nil {
		return err
	}
	kernels, err := kernelsOf(root)
	if err != nil {
		return err
	}
	var used time.Duration
	for _, k := range kernels {
		direct, err := run(exec.Command(filepath.Join(bin, "conda"), "list", "--json", "--prefix", k))
		if err != nil {
			return err
		}
		used += direct.cpu
	}
	own := best.cpu - used
	row("conda lister, 20 kernels: CPU beside that of the conda processes", "< 3 %",
		"%.1f %% (%v beside %v)", 100*own.Seconds()/used.Seconds(), ms(own), ms(used))
	row("the same: cores busy", fmt.Sprintf("%d", runtime.NumCPU()), "%.2f", best.cpu.Seconds()/best.wall.Seconds())
	return nil
}

// incremental compares a run in which nothing changed with a full one.
func (b *bench) incremental() error {
	root, err := b.repository("incremental", 20, heavy)
	if err != nil {
		return err
	}
	full, err := fastest(b.rounds, b.indexer(root, "run", "--lister", "files"))
	if err != nil {
		return err
	}
	nothing, err := fastest(b.rounds, b.indexer(root, "run", "--lister", "files", "--incremental"))
	if err != nil {
		return err
	}
	row("`run --incremental` with nothing changed, against the full run", "20 x faster",
		"%.1f x (%v against %v)", ratio(full.wall, nothing.wall), ms(nothing.wall), ms(full.wall))
	return nil
}

// collate compares collating a large repository with jq reading the result.
func (b *bench) collate() error {
	root, err := b.manifests(b.many)
	if err != nil {
		return err
	}
	collating, err := fastest(min(b.rounds, 3), b.indexer(root, "collate"))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("collate %d kernels of 300 packages: peak memory", b.many)
	row(what, "300 MiB", "%d MiB", collating.memory>>20)
	if _, err := exec.LookPath("jq"); err != nil {
		return fmt.Errorf("%w (apt-get install jq)", err)
	}
	jq, err := fastest(min(b.rounds, 2), func() *exec.Cmd {
		cmd := exec.Command("jq", "-c", ".", filepath.Join(root, "collated_manifests.json"))
		if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
			cmd.Stdout = null
		}
		return cmd
	})
	if err != nil {
		return err
	}
	row("the same, against `jq -c .` reading the result", "3 x",
		"%.2f x (%v against %v)", ratio(collating.wall, jq.wall), ms(collating.wall), ms(jq.wall))
	return nil
}

// linear compares the time a kernel takes in a small and in a large repository.
func (b *bench) linear() error {
	var first float64
	for _, n := range []int{100, 1000, b.many} {
		// Small kernels that share their files: ten thousand full ones do not fit a usual disk.
		root := filepath.Join(b.temp, fmt.Sprint("linear", n))
		if err := testrepo.Generate(root, testrepo.Spec{
			Kernels: n, Packages: 40, MetaBytes: 120_000, Language: "Python", Seed: 1, Share: true,
		}); err != nil {
			return err
		}
		c, err := fastest(min(b.rounds, 2), b.indexer(root, "run", "--lister", "files"))
		if err != nil {
			return err
		}
		each := c.wall.Seconds() / float64(n) * 1e3
		if first == 0 {
			first = each
		}
		row(fmt.Sprintf("`run --lister files`, %d kernels of 40 packages: time a kernel, against 100", n), "linear",
			"%.2f x (%.2f ms a kernel, %d MiB)", each/first, each, c.memory>>20)
		if err := os.RemoveAll(root); err != nil {
			return err
		}
	}
	return nil
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

func ms(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
