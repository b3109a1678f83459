package channel_test

import (
	"testing"

	"kernelindexer/condaenv/channel"
)

// Nearly all calls are about a text that was asked for before.
func BenchmarkNameRepeated(b *testing.B) {
	s := channel.Default()
	texts := [...]string{"https://conda.anaconda.org/conda-forge/linux-64", "https://conda.anaconda.org/conda-forge/noarch", "conda-forge"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Name(texts[i%len(texts)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNameFromURLRepeated(b *testing.B) {
	s := channel.Default()
	urls := [...]string{
		"https://conda.anaconda.org/conda-forge/linux-64/numpy-2.3.2-py313hf6604e3_0.conda",
		"https://conda.anaconda.org/conda-forge/noarch/tzdata-2025b-h78e105d_0.conda",
		"https://repo.anaconda.com/pkgs/main/linux-64/zlib-1.2.13-h5eee18b_1.tar.bz2",
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.NameFromURL(urls[i%len(urls)]); err != nil {
			b.Fatal(err)
		}
	}
}

// A text that is too long for the cache is read every time.
func BenchmarkNameUncached(b *testing.B) {
	s := channel.Default()
	text := "https://conda.anaconda.org/" + string(make([]byte, 1100)) + "/linux-64"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Name(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadWithoutFiles(b *testing.B) {
	fsys := prefixWith(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := channel.Load(fsys, "p"); err != nil {
			b.Fatal(err)
		}
	}
}

// Repeated texts cost no allocation.
func TestRepeatedTextsDoNotAllocate(t *testing.T) {
	s := channel.Default()
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := s.Name("https://conda.anaconda.org/conda-forge/linux-64"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.NameFromURL("https://conda.anaconda.org/conda-forge/noarch/x-1-0.conda"); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
