package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"kernelindexer/testrepo"
)

// findSpecs is a question that some of the kernels of a made repository satisfy, and the others nearly.
var findSpecs = []string{"python>=3.9", "astropy", "scipy>=1.9", "pandas<3", "scikit-learn"}

// condaNames picks from records what a search of the prefixes would look at further.
const condaNames = `select(.name == "python" or .name == "astropy" or .name == "scipy" or .name == "pandas" or .name == "scikit-learn")
	| [input_filename, .name, .version] | @tsv`

// find compares an answer of the web server with reading the prefixes for it, as `conda search --envs` does.
func (b *bench) find() error {
	t, err := findTools()
	if err != nil {
		return err
	}
	const kernels = 200
	root := filepath.Join(b.temp, "find")
	if err := testrepo.Generate(root, testrepo.Spec{
		Kernels: kernels, Packages: 300, MetaBytes: heavy, Language: "Python", Seed: 1, Share: true, // 1.6 GB, on the disk once
	}); err != nil {
		return err
	}
	if _, err := run(b.indexer(root, "run", "--lister", "files")()); err != nil {
		return err
	}
	found, err := b.findLoad(t, root)
	if err != nil {
		return err
	}
	scan, err := fastest(2, b.scan(t, root))
	if err != nil {
		return err
	}
	listing, err := b.list(root)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("`find` with 5 specs in %d kernels of 300 packages, p99 over HTTP, against jq over the records on all cores", kernels), "1,000 x faster",
		"%.0f x (%v against %v)", ratio(scan.wall, found.p99), found.p99, ms(scan.wall))
	row("the same, against the files lister reading the prefixes", "",
		"%.0f x (%v)", ratio(listing, found.p99), ms(listing))
	return nil
}

// findLoad asks the web server the question again and again, one at a time.
func (b *bench) findLoad(t tools, pair string) (l load, err error) {
	server, err := b.startWeb(pair)
	if err != nil {
		return l, err
	}
	defer server.stop()
	asked := server.url("/api/v1/find?limit=50&" + url.Values{"spec": findSpecs}.Encode())
	body, err := get(asked)
	if err != nil {
		return l, err
	}
	if !bytes.Contains(body, []byte(`"kernel_name"`)) {
		return l, errors.New("no kernel is found or nearly so: the question is not what it should be")
	}
	for range webRounds {
		if err := b.better(&l, t, asked, 1, ""); err != nil {
			return l, err
		}
	}
	if l.failed > 0 {
		return l, fmt.Errorf("%d requests failed", l.failed)
	}
	return l, nil
}

// scan has jq look through all records, as many processes at a time as there are cores.
func (b *bench) scan(t tools, root string) func() *exec.Cmd {
	return func() *exec.Cmd {
		list, _, _ := records(root) // it was made by us
		cmd := exec.Command("xargs", "-0", "-n", "300", "-P", strconv.Itoa(runtime.NumCPU()), t.jq, "-r", condaNames)
		cmd.Stdin = bytes.NewReader(list)
		if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
			cmd.Stdout = null
		}
		return cmd
	}
}
