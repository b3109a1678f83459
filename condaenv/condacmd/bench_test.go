package condacmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kernelindexer/condaenv/sandbox"
)

// BenchmarkList measures what a call costs in processor time, ours and that of all children, against starting the same
// stand-in for conda without any of this package ("direct"). The stand-in prints 300 packages; "busy" ones compute
// about 0.4 s before, as conda does (SPEC 7), the others show the difference without that noise.
func BenchmarkList(b *testing.B) {
	prefix := bigPrefix(b)
	answer := filepath.Join(b.TempDir(), "answer.json")
	row := strings.Trim(goodList, "[]")
	if err := os.WriteFile(answer, []byte("["+strings.Repeat(row+",", 299)+row+"]"), 0o644); err != nil {
		b.Fatal(err)
	}
	for name, script := range map[string]string{
		"quick": "exec cat " + answer,
		"busy":  "i=0; while [ $i -lt 230000 ]; do i=$((i+1)); done; exec cat " + answer,
	} {
		b.Run(name+"/direct", func(b *testing.B) {
			exe := standIn(b, sandbox.None, script).Exe
			measure(b, func() error {
				_, err := exec.Command(exe, "list", "--json", "--prefix", prefix).Output()
				return err
			})
		})
		for _, mode := range modes {
			lister := standIn(b, mode, script)
			b.Run(name+"/"+lister.Protection(), func(b *testing.B) {
				measure(b, func() error {
					got, err := lister.List(b.Context(), prefix)
					if err == nil && len(got.Packages) != 300 {
						err = fmt.Errorf("%d packages", len(got.Packages))
					}
					return err
				})
			})
		}
	}
}

func measure(b *testing.B, call func() error) {
	before := cpu()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// cpu returns the processor time that this process and its children have used.
func cpu() time.Duration {
	var sum time.Duration
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		if err := unix.Getrusage(who, &r); err != nil {
			panic(err)
		}
		sum += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return sum
}

// bigPrefix has 300 records of 55 kB, for the guard to hold.
func bigPrefix(b *testing.B) string {
	prefix := b.TempDir()
	if err := os.Mkdir(filepath.Join(prefix, "conda-meta"), 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range 300 {
		path := filepath.Join(prefix, "conda-meta", fmt.Sprintf("package%d-1.0-0.json", i))
		if err := os.WriteFile(path, make([]byte, 55_000), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return prefix
}
