package pypi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// recordOf makes a RECORD as pip writes it: half of the rows compiled files
// without checksum, all lines ending in eol.
func recordOf(rows int, eol string) []byte {
	var b bytes.Buffer
	for i := range rows / 2 {
		name := fmt.Sprintf("package/subpackage_%d/module_%d", i%40, i)
		sum := "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
		fmt.Fprintf(&b, "%s.py,sha256=%s,%d%s", name, sum, 100+i*7, eol)
		fmt.Fprintf(&b, "package/subpackage_%d/__pycache__/module_%d.cpython-311.pyc,,%s", i%40, i, eol)
	}
	return b.Bytes()
}

func BenchmarkCheckRecord(b *testing.B) {
	text := recordOf(5000, "\n")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := checkRecord(text, "", "3.11.8"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads one package with a RECORD of 5,000 rows, as pip writes
// it, from a file system in memory.
func BenchmarkRead(b *testing.B) {
	metadata := "Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n" +
		strings.Repeat("Requires-Dist: bar>=1.0; python_version < \"3.9\" and extra == 'test'\n", 40) +
		"\n" + strings.Repeat("A long description. ", 500)
	record := recordOf(5000, "\r\n")
	fsys := fstest.MapFS{
		"sp/foo-1.0.dist-info/METADATA": {Data: []byte(metadata)},
		"sp/foo-1.0.dist-info/RECORD":   {Data: record},
	}
	b.SetBytes(int64(len(metadata) + len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(fsys, "sp", "foo-1.0.dist-info/RECORD", Env{PythonVersion: "3.11.8"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewlines shows what the CRLF of pip's RECORDs costs.
func BenchmarkNewlines(b *testing.B) {
	text := recordOf(5000, "\r\n")
	buf := make([]byte, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		copy(buf, text)
		universalNewlines(buf)
	}
}
