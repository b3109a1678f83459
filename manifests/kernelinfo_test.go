package manifests_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"kernelindexer/manifests"
)

func TestParseKernelInfo(t *testing.T) {
	tests := map[string]struct {
		yaml string
		want manifests.KernelInfo
	}{
		"nothing":      {"", manifests.KernelInfo{}},
		"a comment":    {"# nothing yet\n", manifests.KernelInfo{}},
		"null":         {"~\n", manifests.KernelInfo{}},
		"all":          {"description: Workflows\nmaintainer: Ann <ann@example.org>\ndeprecated: true\ndefault: true\n", manifests.KernelInfo{Description: "Workflows", Maintainer: "Ann <ann@example.org>", Deprecated: true, Default: true}},
		"maintainers":  {"maintainer: [Ann, Bob, ~]", manifests.KernelInfo{Maintainer: "Ann, Bob"}},
		"a reason":     {"deprecated: use 2.0\ndefault: no", manifests.KernelInfo{Deprecated: true, DeprecationNote: "use 2.0"}},
		"not anymore":  {"deprecated: No\ndefault: false", manifests.KernelInfo{}},
		"yes":          {"deprecated: yes\ndefault: on", manifests.KernelInfo{Deprecated: true, Default: true}},
		"a number":     {"description: 1.10", manifests.KernelInfo{Description: "1.10"}},
		"lines":        {"description: |\n  one\n  two\n", manifests.KernelInfo{Description: "one\ntwo"}},
		"nulls":        {"description:\nmaintainer:\ndeprecated:\ndefault:\n", manifests.KernelInfo{}},
		"unknown keys": {"contact: x\ntags: [a, {b: c}]\ndefault: true", manifests.KernelInfo{Default: true}},
		"alias":        {"x: &a Ann\nmaintainer: [*a]\ndescription: *a", manifests.KernelInfo{Maintainer: "Ann", Description: "Ann"}},
		"JSON":         {`{"description": "é"}`, manifests.KernelInfo{Description: "é"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := manifests.ParseKernelInfo([]byte(test.yaml))
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "info", test.want, got)
		})
	}
}

func TestParseKernelInfoRefuses(t *testing.T) {
	for name, yaml := range map[string]string{
		"a list":           "- description: x",
		"text":             "just text",
		"key twice":        "default: true\ndefault: false",
		"no YAML":          "description: [",
		"not a truth":      "default: perhaps",
		"text is a map":    "description: {a: b}",
		"deprecated lists": "deprecated: [1]",
		"list of lists":    "maintainer: [[Ann]]",
		"not UTF-8":        "description: \xff",
		"too large":        "description: " + strings.Repeat("x", manifests.MaxKernelInfoBytes),
		"alias bomb":       "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nmaintainer: *b",
	} {
		if _, err := manifests.ParseKernelInfo([]byte(yaml)); !errors.Is(err, manifests.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Most kernels have no kernel.yaml, and that is no error; a directory in its
// place is.
func TestReadKernelInfo(t *testing.T) {
	if info, err := manifests.ReadKernelInfo(fstest.MapFS{}); err != nil || info != (manifests.KernelInfo{}) {
		t.Errorf("without: %v, %v", info, err)
	}
	fsys := fstest.MapFS{manifests.KernelInfoName: {Data: []byte("default: true")}}
	if info, err := manifests.ReadKernelInfo(fsys); err != nil || !info.Default {
		t.Errorf("with: %v, %v", info, err)
	}
	fsys = fstest.MapFS{manifests.KernelInfoName + "/x": {}}
	if _, err := manifests.ReadKernelInfo(fsys); !errors.Is(err, manifests.ErrInvalid) {
		t.Errorf("a directory: %v", err)
	}
}
