package onenode

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
)

// TestImageIsWholeAndTheSame reads an archive back as a container runtime does.
func TestImageIsWholeAndTheSame(t *testing.T) {
	var archive, again bytes.Buffer
	for _, to := range []*bytes.Buffer{&archive, &again} {
		if err := writeImage(to, "docker.io/x/y:1", "/program", []byte("\x7fELF")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archive.Bytes(), again.Bytes()) {
		t.Error("the same program makes different images")
	}
	files := untar(t, archive.Bytes())
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("manifest %s: %v", files["manifest.json"], err)
	}
	layer := files[manifest[0].Layers[0]]
	var config struct {
		Config struct {
			Entrypoint []string
			User       string
		}
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(files[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	if got := config.RootFS.DiffIDs; !slices.Equal(got, []string{"sha256:" + digest(layer)}) {
		t.Errorf("the layer's digest is not %v", got)
	}
	if got := untar(t, layer); string(got["program"]) != "\x7fELF" || len(got) != 1 {
		t.Errorf("the layer holds %q", got)
	}
	if config.Config.User == "" || config.Config.Entrypoint[0] != "/program" {
		t.Errorf("configuration: %+v", config.Config)
	}
}

func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for archive := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}
