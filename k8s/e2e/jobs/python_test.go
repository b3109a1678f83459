//go:build e2e

package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"

	"kernelindexer/k8s/e2e/suite"
)

// python is Debian's, and not another one that a PATH may lead to.
const python = "/usr/bin/python3"

// paths asks a Python where it is.
const paths = `import json, os, sys, sysconfig
print(json.dumps({"program": os.path.realpath(sys.executable), "library": sysconfig.get_path("stdlib")}))`

// pythonRoot makes a folder of which an image with Python can be built where no registry can be reached: this machine's
// Python, its standard library, and the shared libraries that both need.
func pythonRoot(ctx context.Context, folder string) error {
	out, err := exec.CommandContext(ctx, python, "-I", "-c", paths).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", python, err)
	}
	var at struct{ Program, Library string }
	if err := json.Unmarshal(out, &at); err != nil {
		return fmt.Errorf("%s: %w", python, err)
	}
	modules, err := filepath.Glob(at.Library + "/lib-dynload/*.so")
	if err != nil {
		return err
	}
	linked, err := exec.CommandContext(ctx, "ldd", append(modules, at.Program)...).Output()
	if err != nil {
		return fmt.Errorf("ldd: %w", err)
	}
	files := []string{at.Library}
	for _, m := range regexp.MustCompile(`(?m)\s(/\S+) \(0x`).FindAllStringSubmatch(string(linked), -1) {
		files = append(files, m[1])
	}
	slices.Sort(files)
	if err := os.MkdirAll(folder+"/root/usr/bin", 0o755); err != nil {
		return err
	}
	if err := suite.Execute(ctx, "", nil, append([]string{"cp", "-RL", "--parents", "-t", folder + "/root"}, slices.Compact(files)...)...); err != nil {
		return err
	}
	if err := suite.Execute(ctx, "", nil, "cp", at.Program, folder+"/root/usr/bin/python3"); err != nil {
		return err
	}
	for _, unwanted := range []string{"test", "ensurepip", "idlelib", "turtledemo"} {
		if err := os.RemoveAll(folder + "/root" + at.Library + "/" + unwanted); err != nil {
			return err
		}
	}
	return os.WriteFile(folder+"/Dockerfile", []byte("FROM scratch\nCOPY root/ /\nENV PATH=/usr/bin\nCMD [\"python3\"]\n"), 0o644)
}
