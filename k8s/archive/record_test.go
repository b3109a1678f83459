package archive

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// endless is a line that does not end.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range n {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

func TestALongLineIsCutAndCounted(t *testing.T) {
	const length = 10 << 20
	stamp := start.Format(time.RFC3339Nano) + " "
	in := newRecords(io.MultiReader(strings.NewReader(stamp), &endless{length}, strings.NewReader("\nshort\n")), Mask{})
	one, err := in.next()
	if err != nil || len(one.text) != maxLine || one.cut != length-maxLine || !one.at.Equal(start) {
		t.Errorf("%d bytes, %d cut, at %v, %v", len(one.text), one.cut, one.at, err)
	}
	if cap(in.raw) > 4*maxLine {
		t.Errorf("%d bytes were kept", cap(in.raw))
	}
	if two, err := in.next(); err != nil || two.text != "short" || two.cut != 0 {
		t.Errorf("then %+v, %v", two, err)
	}
	for _, length := range []int{maxLine - 1, maxLine, maxLine + 1} {
		in := newRecords(strings.NewReader(stamp+strings.Repeat("x", length)+"\n"), Mask{})
		if one, _ := in.next(); len(one.text)+int(one.cut) != length || len(one.text) != min(length, maxLine) {
			t.Errorf("%d: %d bytes, %d cut", length, len(one.text), one.cut)
		}
	}
	in = newRecords(strings.NewReader(strings.Repeat("é", maxLine)+"\n"), Mask{})
	if one, _ := in.next(); strings.Trim(one.text, "é") != "" || len(one.text)+int(one.cut) != 2*maxLine {
		t.Errorf("cut in a rune: %q", one.text[len(one.text)-4:])
	}
}

func TestSecretsAreMasked(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"in a line", "key=hunter2-hunter2 ok", "key=*** ok"},
		{"two that overlap", "xhunter2-hunter2hunter3 hunter2-hunter2", "x*** ***"},
		{"twice", "hunter2-hunter2hunter2-hunter2", "******"},
		{"too short to be one", "abc abc", "abc abc"},
		{"the longer of two", "hunter2-hunter2-long!", "***!"},
		{"a line of one with several", "x second-line x", "x *** x"},
		{"over the cut", strings.Repeat("x", maxLine-4) + "hunter2-hunter2", strings.Repeat("x", maxLine-4) + "***"},
		{"behind the cut", strings.Repeat("x", maxLine+4) + "hunter2-hunter2", strings.Repeat("x", maxLine)},
		{"many, so that the end moves", strings.Repeat("hunter2-hunter2", 6000), strings.Repeat("***", (maxLine+14)/15)},
	}
	mask := NewMask([]string{"hunter2-hunter2", "hunter2-hunter2-long", "hunter2hunter3", "abc", "first-line\r\nsecond-line\n"})
	for _, test := range tests {
		in := newRecords(strings.NewReader(test.line+"\n"), mask)
		if one, err := in.next(); err != nil || one.text != test.want {
			t.Errorf("%s: got %.80q, %v", test.name, one.text, err)
		}
	}
	if got := mask.Mask("key=hunter2-hunter2\nsecond-line\nabc"); got != "key=***\n***\nabc" {
		t.Errorf("a text of several lines: %q", got)
	}
	if long := strings.Repeat("x", 2*maxLine); mask.Mask(long+"hunter2-hunter2") != long+"***" {
		t.Error("a text that is longer than a line")
	}
	if got := (Mask{}).Mask("hunter2-hunter2"); got != "hunter2-hunter2" {
		t.Errorf("without secrets: %q", got)
	}
}

func FuzzCopy(f *testing.F) {
	f.Add([]byte("2026-11-21T12:00:00.5Z a\n2026-11-21T12:00:00.5Z a\n"), 30, "secret-secret")
	f.Add([]byte("\x00\xff\nx\n\n2026-11-21T12:00:00Z"), 3, "")
	f.Add([]byte("9999-12-31T23:59:59-01:00 x\n0000-01-01T00:00:00Z y\n"), 40, "x")
	f.Fuzz(func(t *testing.T, text []byte, cut int, secret string) {
		store := memory(t)
		store.bounds.chunk = 100
		stream := Stream{Pod: "a", Container: "c"}
		for _, part := range [][]byte{text[:min(max(cut, 0), len(text))], text} {
			log, err := store.Resume(t.Context(), stream, Options{Secrets: []string{secret}})
			if err != nil {
				t.Fatal(err)
			}
			if err := log.Copy(t.Context(), io.NopCloser(bytes.NewReader(part))); err != nil {
				t.Fatal(err)
			}
		}
		for line, err := range store.All(t.Context(), stream) {
			if err != nil {
				t.Fatal(err)
			}
			if len(secret) >= minSecret && strings.Contains(line.Text, secret) && !strings.Contains(secret, "*") && !strings.Contains(secret, "\uFFFD") {
				t.Errorf("a secret in %q", line.Text)
			}
		}
	})
}

func FuzzDecodeChunk(f *testing.F) {
	f.Add([]byte(`{"first":3,"count":1,"point":{"time":"2026-11-21T12:00:00Z","count":1}}` + "\n" + `{"t":"2026-11-21T12:00:00Z","m":"a"}` + "\n"))
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, lines, err := decodeChunk(data)
		if err != nil {
			return
		}
		if int64(len(lines)) != h.Count || len(lines) > 0 && lines[0].Number != h.First {
			t.Errorf("%+v has %d lines", h, len(lines))
		}
	})
}
