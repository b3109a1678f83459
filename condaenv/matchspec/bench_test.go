package matchspec_test

import (
	"testing"

	"kernelindexer/condaenv/matchspec"
)

// BenchmarkParse reads ordinary entries of depends; the aim is under a microsecond and few allocations.
func BenchmarkParse(b *testing.B) {
	for _, text := range []string{
		"tzdata",
		"libgcc >=13",
		"python >=3.11,<3.12.0a0",
		"python_abi 3.11.* *_cp311",
		"numpy 1.26.4 py311h64a7726_0",
		"numpy=1.26",
		"conda-forge::numpy>=1.22.4,<2.0a0",
		"pytorch[version='>=2.1',build=*cuda*]",
	} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := matchspec.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseVersion(b *testing.B) {
	for _, text := range []string{"1.26.4", "2024a", "1!2.0.0rc1+cu121", "0.0.0.9000", "1.0-14"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := matchspec.ParseVersion(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompare compares versions that differ early, late and not at all; it must not allocate.
func BenchmarkCompare(b *testing.B) {
	for _, pair := range [][2]string{
		{"1.26.4", "2.0.0"},
		{"3.11.8", "3.11.12"},
		{"1.1.1w", "1.1.1.0w"},
		{"2.0.0rc1", "2.0.0"},
		{"1.0", "1.0.0"},
		{"1.26.4", "1.26.4"},
	} {
		b.Run(pair[0]+" "+pair[1], func(b *testing.B) {
			x, y := mustVersion(b, pair[0]), mustVersion(b, pair[1])
			b.ReportAllocs()
			for b.Loop() {
				x.Compare(y)
			}
		})
	}
}

// BenchmarkMatch tests a record as the owner of a site-packages folder is looked for: by its version text.
func BenchmarkMatch(b *testing.B) {
	r := &matchspec.Record{Name: "python", Version: "3.11.8", Build: "hab00c5b_0_cpython", Channel: "conda-forge"}
	for _, text := range []string{
		"numpy >=1.22",
		"python",
		"python >=3.11,<3.12.0a0",
		"python 3.11.* *_cpython",
		"conda-forge::python",
	} {
		b.Run(text, func(b *testing.B) {
			spec := mustSpec(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := spec.Match(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
