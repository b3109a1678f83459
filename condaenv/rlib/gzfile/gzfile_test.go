package gzfile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kernelindexer/condaenv/rlib/gzfile"
)

// text is what the packed files in this file hold.
var text = []byte(strings.Repeat("Version: 1.2.3\n", 100))

// What the programs bzip2 and xz make of text.
var (
	packedBzip2 = unbase64("QlpoOTFBWSZTWcX2zZEAAcHbgAAQQAE4EAEAAiGYACAAUIAAAUqhPIh5MEWSLBFkiwRZEX4i7IvCLZFoi0RaItkXou5IpwoSGL7ZsiA=")
	packedXz    = unbase64("/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AXbAB9dACsZSkdcZLoEJbsnOR0N2V9ZfaK0ctTJpUAFNiVk3gAAAHl344YTAwG2AAE73AsAAADqNuw2scRn+wIAAAAABFla")
	// The xz file again, but with a dictionary of 128 MiB.
	packedXzLarge = unbase64("/Td6WFoAAATm1rRGAgAhAR4AAACbB1Fm4AXbAB9dACsZSkdcZLoEJbsnOR0N2V9ZfaK0ctTJpUAFNiVk3gAAAHl344YTAwG2AAE73AsAAADqNuw2scRn+wIAAAAABFla")
	// The format of the program before it.
	packedLzma = unbase64("XQAAgAD//////////wArGUpHXGS6BCW7JzkdDdlfWX2itHLUyaVABTZQmTn//+zrAAA=")
)

func unbase64(s string) []byte {
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return data
}

func packGzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed is text in every format.
func packed(t testing.TB) map[string][]byte {
	return map[string][]byte{"plain": text, "gzip": packGzip(t, text), "bzip2": packedBzip2, "xz": packedXz}
}

const limit = 1 << 20

// TestTheFirstBytesTellTheFormat expands every format with one reader, twice, so that a decoder is used again.
func TestTheFirstBytesTellTheFormat(t *testing.T) {
	var r gzfile.Reader
	for range 2 {
		for name, file := range packed(t) {
			got, err := r.Expand(file, limit)
			if err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s: %d bytes, want %d, error %v", name, len(got), len(text), err)
			}
		}
	}
}

// TestShortFilesAreNotCompressed checks that fewer than five bytes are no bzip2 or xz, as in R, but two are gzip.
func TestShortFilesAreNotCompressed(t *testing.T) {
	for file, want := range map[string]error{
		"": nil, "B": nil, "BZh9": nil, "\xfd7zX": nil, "\x89LZO": nil, "]\x00\x00\x80": nil, "\x1f": nil,
		"\x1f\x8b": gzfile.ErrDamaged, "BZh91": gzfile.ErrDamaged, "\xfd7zXZ": gzfile.ErrDamaged,
	} {
		got, err := new(gzfile.Reader).Expand([]byte(file), limit)
		if !errors.Is(err, want) || want == nil && string(got) != file {
			t.Errorf("%q: %q, error %v, want %v", file, got, err, want)
		}
	}
}

// TestFormatsOfOldAreRefused tells those that R can read from the one it cannot.
func TestFormatsOfOldAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"lzma":                            {packedLzma, gzfile.ErrUnsupported},
		"lzma with a name":                {[]byte("\xffLZMA\x00\x01"), gzfile.ErrUnsupported},
		"xz with a dictionary of 128 MiB": {packedXzLarge, gzfile.ErrUnsupported},
		"lzop":                            {[]byte("\x89LZO\x00\r\n"), gzfile.ErrDamaged},
	} {
		if got, err := new(gzfile.Reader).Expand(test.file, limit); !errors.Is(err, test.want) || len(got) > 0 {
			t.Errorf("%s: %d bytes, error %v, want %v", name, len(got), err, test.want)
		}
	}
}

// TestACutFileGivesWhatCameBefore cuts every format at every byte: an error, and only a beginning of the text.
func TestACutFileGivesWhatCameBefore(t *testing.T) {
	var r gzfile.Reader
	for name, file := range packed(t) {
		if name == "plain" {
			continue
		}
		for size := 5; size < len(file); size++ {
			got, err := r.Expand(file[:size], limit)
			isWhole := bytes.Equal(got, text)
			if err != nil && !errors.Is(err, gzfile.ErrDamaged) || err == nil && !isWhole {
				t.Errorf("%s, %d bytes of %d: %d bytes, error %v", name, size, len(file), len(got), err)
			}
			if !bytes.HasPrefix(text, got) {
				t.Errorf("%s, %d bytes of %d: not a beginning of the text", name, size, len(file))
			}
		}
	}
}

// TestManyStreamsAreOneFile checks members and streams one after another, some of them empty.
func TestManyStreamsAreOneFile(t *testing.T) {
	empty := map[string][]byte{
		"gzip":  packGzip(t, nil),
		"bzip2": unbase64("QlpoORdyRThQkAAAAAA="),
		"xz":    unbase64("/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo="),
	}
	for name, file := range packed(t) {
		if name == "plain" {
			continue
		}
		streams := slices.Concat(file, empty[name], file)
		got, err := new(gzfile.Reader).Expand(streams, limit)
		if err != nil || !bytes.Equal(got, slices.Concat(text, text)) {
			t.Errorf("%s: %d bytes, error %v", name, len(got), err)
		}
	}
}

// TestBytesBehindTheLastStream checks that they end a gzip file, but damage the others; nothing is lost.
func TestBytesBehindTheLastStream(t *testing.T) {
	for name, want := range map[string]error{"gzip": nil, "bzip2": gzfile.ErrDamaged, "xz": gzfile.ErrDamaged} {
		file := slices.Concat(packed(t)[name], []byte("garbage"))
		got, err := new(gzfile.Reader).Expand(file, limit)
		if !errors.Is(err, want) || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, error %v, want %v", name, len(got), err, want)
		}
	}
}

// TestChecksums changes a byte of each checksum. R has given out all but the last byte of a bzip2 block before it looks
// at its checksum, and all of a gzip member.
func TestChecksums(t *testing.T) {
	zip := packGzip(t, text)
	flip := func(file []byte, at int) []byte {
		file = slices.Clone(file)
		file[at] ^= 1
		return file
	}
	for name, test := range map[string]struct {
		file []byte
		size int
		want error
	}{
		"gzip checksum":              {flip(zip, len(zip)-8), len(text), gzfile.ErrDamaged},
		"gzip length":                {flip(zip, len(zip)-1), len(text), nil},
		"gzip without its trailer":   {zip[:len(zip)-8], len(text), gzfile.ErrDamaged},
		"gzip without its length":    {zip[:len(zip)-4], len(text), nil},
		"bzip2 checksum of a block":  {flip(packedBzip2, 10), len(text) - 1, gzfile.ErrDamaged},
		"bzip2 checksum of the file": {flip(packedBzip2, len(packedBzip2)-3), len(text) - 1, gzfile.ErrDamaged},
	} {
		got, err := new(gzfile.Reader).Expand(test.file, limit)
		if !errors.Is(err, test.want) || len(got) != test.size {
			t.Errorf("%s: %d bytes of %d, error %v, want %v", name, len(got), len(text), err, test.want)
		}
	}
}

// TestGzipHeaders writes every optional field, and what may not be there.
func TestGzipHeaders(t *testing.T) {
	const checksum, extra, name, comment, reserved = 2, 4, 8, 16, 32
	zip := packGzip(t, text)
	header := func(flags byte, fields string) []byte {
		head := slices.Clone(zip[:10])
		head[3] = flags
		return slices.Concat(head, []byte(fields), zip[10:])
	}
	otherMethod := slices.Clone(zip)
	otherMethod[2] = 7
	for rule, test := range map[string]struct {
		file []byte
		ok   bool
	}{
		"a name":                        {header(name, "package\x00"), true},
		"all fields":                    {header(checksum|extra|name|comment, "\x03\x00abcname\x00comment\x00\x00\x00"), true},
		"a wrong checksum is not seen":  {header(checksum, "\xff\xff"), true},
		"text is only a hint":           {header(1, ""), true},
		"an empty name":                 {header(name, "\x00"), true},
		"a reserved flag":               {header(reserved, ""), false},
		"another method":                {otherMethod, false},
		"cut before its end":            {zip[:9], false},
		"an extra field without length": {header(extra, "")[:11], false},
		"an extra field cut":            {header(extra, "\xff\xff"), false},
		"a name without end":            {header(name, "package")[:15], false},
		"a checksum cut":                {header(checksum, "\x00")[:11], false},
	} {
		got, err := new(gzfile.Reader).Expand(test.file, limit)
		if test.ok && (err != nil || !bytes.Equal(got, text)) {
			t.Errorf("%s: %d bytes, error %v", rule, len(got), err)
		}
		if !test.ok && (!errors.Is(err, gzfile.ErrDamaged) || len(got) > 0) {
			t.Errorf("%s: %d bytes, error %v, want ErrDamaged", rule, len(got), err)
		}
	}
}

// TestTheLimitIsExact expands files that are as long as the limit, and longer.
func TestTheLimitIsExact(t *testing.T) {
	var r gzfile.Reader
	for name, file := range packed(t) {
		if got, err := r.Expand(file, len(text)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s, at the limit: %d bytes, error %v", name, len(got), err)
		}
		for _, limit := range []int{len(text) - 1, 100, 0} {
			got, err := r.Expand(file, limit)
			if !errors.Is(err, gzfile.ErrTooLarge) || !bytes.Equal(got, text[:limit]) {
				t.Errorf("%s, limit %d: %d bytes, error %v, want ErrTooLarge", name, limit, len(got), err)
			}
		}
	}
}

// TestABombCostsNoMoreThanTheLimit expands files of a few KiB that hold 64 MiB.
func TestABombCostsNoMoreThanTheLimit(t *testing.T) {
	member := packGzip(t, make([]byte, 1<<22))
	for name, file := range map[string][]byte{
		"one member":   packGzip(t, make([]byte, 1<<26)),
		"many members": bytes.Repeat(member, 16),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := new(gzfile.Reader).Expand(file, limit)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, gzfile.ErrTooLarge) || len(got) != limit {
			t.Errorf("%s: %d bytes, error %v, want ErrTooLarge", name, len(got), err)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8*limit {
			t.Errorf("%s: %d MiB allocated", name, allocated>>20)
		}
	}
}

// TestADamagedFileLeavesNothingBehind expands sound files with a reader that has seen damaged ones.
func TestADamagedFileLeavesNothingBehind(t *testing.T) {
	var r gzfile.Reader
	random := rand.New(rand.NewPCG(1, 2))
	for name, file := range packed(t) {
		for range 50 {
			broken := slices.Clone(file)
			broken[random.IntN(len(broken))] ^= byte(1 + random.IntN(255))
			_, _ = r.Expand(broken, limit) // Whatever comes of it.
			if got, err := r.Expand(file, limit); err != nil || crc32.ChecksumIEEE(got) != crc32.ChecksumIEEE(text) {
				t.Fatalf("%s: %d bytes, error %v, after %x", name, len(got), err, broken)
			}
		}
	}
}

// FuzzExpand checks that what is given is within the limit, and the error one of those documented.
func FuzzExpand(f *testing.F) {
	for _, file := range packed(f) {
		f.Add(file)
	}
	for _, file := range [][]byte{packedXzLarge, packedLzma, []byte("\x89LZO\x00\r\n")} {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		const limit = 1 << 16
		got, err := new(gzfile.Reader).Expand(file, limit)
		if len(got) > limit {
			t.Errorf("%d bytes", len(got))
		}
		for _, known := range []error{nil, gzfile.ErrDamaged, gzfile.ErrUnsupported, gzfile.ErrTooLarge} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Errorf("error %v", err)
	})
}
