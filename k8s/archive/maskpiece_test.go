package archive_test

import (
	"testing"

	"kernelindexer/k8s/archive"
)

func TestPiecesOfSecretsAreMasked(t *testing.T) {
	mask := archive.NewMask([]string{"hunter2-hunter2", "another\nline of it!"})
	for text, want := range map[string]string{
		"":                               "",
		"nothing":                        "nothing",
		"ter2-hunter2 was wrong":         "*** was wrong",
		"said hunter2-hunt":              "said ***",
		"unter2-hunter2hunter2-hunter2h": "******h",
		"er2, hunter2-hunter2, line o":   "er2, ***, ***",
		"line of it":                     "***",
		"hunter2-hunter2":                "***",
		"ter2 or hunt":                   "*** or ***",
	} {
		if got := mask.MaskPiece(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := (archive.Mask{}).MaskPiece("hunter2-hunter2"); got != "hunter2-hunter2" {
		t.Errorf("no secrets: %q", got)
	}
}
