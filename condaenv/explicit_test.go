package condaenv_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kernelindexer/condaenv"
)

func TestExplicitIsInTheOrderOfDepends(t *testing.T) {
	const md5 = "0123456789abcdef0123456789abcdef"
	fsys := fstest.MapFS{"k/conda-meta/history": {}}
	for name, rest := range map[string]string{
		"b-app-1-0":  `"depends":["z-lib >=1"],"url":"https://user:pa@ss@conda.example.org/t/to-ken/chan/noarch/b-app-1-0.conda","md5":"` + md5 + `","subdir":"noarch"`,
		"z-lib-2-0":  `"depends":["python"],"url":"https://conda.example.org/chan/linux-64/z-lib-2-0.conda","md5":"` + strings.ToUpper(md5) + `","subdir":"linux-64"`,
		"python-3-0": `"depends":[],"url":"file:///pkgs/linux-64/python-3-0.tar.bz2","subdir":"linux 64"`,
		"alone-1-0":  `"depends":[]`,
		"lines-1-0":  `"depends":[],"url":"https://conda.example.org/chan\n@EXPLICIT/noarch/lines-1-0.conda"`,
		"local-1-0":  `"depends":[],"url":"<unknown>/local-1-0.conda"`,
		"hash-1-0":   `"depends":[],"url":"https://conda.example.org/chan/hash-1-0.conda#` + md5 + `"`,
	} {
		parts := strings.Split(strings.TrimSuffix(name, "-0"), "-")
		version := parts[len(parts)-1]
		record := `{"name":"` + strings.Join(parts[:len(parts)-1], "-") + `","version":"` + version + `","build":"0","build_number":0,"channel":"c",` + rest + `}`
		fsys["k/conda-meta/"+name+".json"] = &fstest.MapFile{Data: []byte(record)}
	}
	got, err := condaenv.NewFiles(fsys, "/").Explicit(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	want := []condaenv.Origin{
		{Name: "alone", Version: "1", Build: "0"},
		{Name: "hash", Version: "1", Build: "0"},
		{Name: "lines", Version: "1", Build: "0"},
		{Name: "local", Version: "1", Build: "0"},
		{Name: "python", Version: "3", Build: "0", URL: "file:///pkgs/linux-64/python-3-0.tar.bz2"},
		{Name: "z-lib", Version: "2", Build: "0", URL: "https://conda.example.org/chan/linux-64/z-lib-2-0.conda", Subdir: "linux-64"},
		{Name: "b-app", Version: "1", Build: "0", URL: "https://conda.example.org/chan/noarch/b-app-1-0.conda", MD5: md5, Subdir: "noarch"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := condaenv.NewFiles(fsys, "/").Explicit(t.Context(), "absent"); err == nil {
		t.Error("a prefix that is not there has an answer")
	}
}
