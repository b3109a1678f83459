package onenode

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
)

// loadPause builds the pause program and loads it as an image of nothing else.
func (c *Cluster) loadPause(ctx context.Context) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	program := c.layout.path("tmp", "pause")
	if err := buildStatic(ctx, root, "./k8s/cluster/pause", program); err != nil {
		return err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	archive := program + ".tar"
	file, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := writeImage(file, pauseImage, "/pause", binary); err != nil {
		return fmt.Errorf("image %s: %w", pauseImage, err)
	}
	return c.LoadImage(ctx, archive)
}

// writeImage writes an archive as docker save does, of an image that holds one program and starts it as user 65535.
// The same program makes the same bytes.
func writeImage(to io.Writer, name, program string, binary []byte) error {
	var layer bytes.Buffer
	if err := writeTar(&layer, entry{program[1:], 0o555, binary}); err != nil {
		return err
	}
	type object map[string]any
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": object{"Entrypoint": []string{program}, "User": "65535:65535", "WorkingDir": "/"},
		"rootfs": object{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer.Bytes())}},
	})
	if err != nil {
		return err
	}
	configName := digest(config) + ".json"
	manifest, err := json.Marshal([]object{{
		"Config": configName, "RepoTags": []string{name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	return writeTar(to,
		entry{"layer.tar", 0o444, layer.Bytes()}, entry{configName, 0o444, config}, entry{"manifest.json", 0o444, manifest})
}

// entry is a file in an archive.
type entry struct {
	name string
	mode int64
	data []byte
}

func writeTar(to io.Writer, entries ...entry) error {
	archive := tar.NewWriter(to)
	for _, e := range entries {
		header := tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: int64(len(e.data))}
		if err := archive.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := archive.Write(e.data); err != nil {
			return err
		}
	}
	return archive.Close()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
